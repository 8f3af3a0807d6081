/**
 * Pure scoring: what a model wrote and what was right in, a number and an explanation out.
 *
 * @module
 */

export { createBudget } from "./budget.ts";
export { compareFiles, compareUnifiedDiffs, meanSimilarity } from "./compare-changes.ts";
export { type CustomReward, scoreComposed } from "./compose.ts";
export { type CustomComponent, RewardConfig } from "./config.ts";
export { applyForEvaluation } from "./evaluation/apply-leniently.ts";
export { similarityRatio } from "./similarity/ratio.ts";
export { createReward } from "./swe-rl.ts";
export {
  type Explanation,
  REWARD_RANGE,
  type ScoreInput,
} from "./verdict.ts";
