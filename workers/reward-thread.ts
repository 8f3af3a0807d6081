/**
 * Entry of the threads that score completions, so that a slow comparison never delays a token.
 *
 * @module
 */
import { RewardConfig, scoreComposed } from "../rewards/index.ts";
import { RewarderAwayError } from "../transport/index.ts";
import { loadReward } from "./load-reward.ts";
import type { RewarderAway, Score, ScoreOrder } from "./reward-protocol.ts";

/** Scores one reply. Whatever throws here becomes a failed sample, never a number. */
export default async function score({ settings, input }: ScoreOrder): Promise<Score | RewarderAway> {
  try {
    const { explanation, ...verdict } = await scoreComposed(RewardConfig.parse(settings), input, loadReward);
    return { ...verdict, explanationJson: JSON.stringify(explanation) };
  } catch (error) {
    if (error instanceof RewarderAwayError) return { away: error.message }; // An error's class does not cross threads.
    throw error;
  }
}
