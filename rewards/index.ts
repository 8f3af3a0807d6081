/**
 * Pure scoring: what a model wrote and what was right in, a number and an explanation out.
 *
 * @module
 */

export { RewardConfig } from "./config.ts";
export { similarityRatio } from "./similarity/ratio.ts";
export { createReward } from "./swe-rl.ts";
export {
  type Explanation,
  type FileVerdict,
  type MistakeNote,
  REWARD_RANGE,
  type Reward,
  type RewardComponent,
  type ScoreInput,
  type Verdict,
} from "./verdict.ts";
