/**
 * Entry of the threads that score completions, so that a slow comparison never delays a token.
 *
 * @module
 */
import { createReward, RewardConfig } from "../rewards/index.ts";
import type { Score, ScoreOrder } from "./reward-protocol.ts";

/** Scores one reply. Whatever throws here becomes a failed sample, never a number. */
export default function score({ settings, input }: ScoreOrder): Score {
  const { explanation, ...verdict } = createReward(RewardConfig.parse(settings))(input);
  return { ...verdict, explanationJson: JSON.stringify(explanation) };
}
