/**
 * Group-relative advantages, the "GR" of GRPO: a completion's credit is its reward relative to the others of the same
 * prompt, so no value network is needed.
 *
 * @module
 */
import type { GrpoConfig } from "../config.ts";

/** Keeps the division finite. */
const EPSILON = 1e-6;

/** Rewards closer than this say nothing about which completion was better. */
const NO_SIGNAL = 1e-3;

/**
 * Turns the rewards of one group into advantages.
 *
 * @param rewardsG - one finite reward per completion, at least two
 * @returns one advantage per completion; they sum to zero, and are all zero when the rewards differ by less than 1e-3
 * @throws {RangeError} on a group that cannot be compared
 * @see DeepSeekMath, arXiv:2402.03300, section 4.1; without scaling arXiv:2503.20783; leave one out arXiv:2402.14740
 */
export function groupAdvantages(
  rewardsG: readonly number[],
  { baseline, scale }: Pick<GrpoConfig, "baseline" | "scale">,
): number[] {
  if (rewardsG.length < 2) throw new RangeError(`a group needs at least 2 rewards, got ${rewardsG.length}`);
  if (!rewardsG.every(Number.isFinite)) {
    throw new RangeError(`rewards must be finite, got [${rewardsG.join(", ")}]`);
  }

  const mean = average(rewardsG);
  const centredG = rewardsG.map((reward) => reward - mean);
  if (Math.max(...rewardsG) - Math.min(...rewardsG) < NO_SIGNAL) return centredG.fill(0);

  // r − mean of the others = (r − mean of all) · G / (G − 1).
  const others = baseline === "leaveOneOut" ? rewardsG.length / (rewardsG.length - 1) : 1;
  const deviation = scale === "std" ? Math.sqrt(average(centredG.map((x) => x * x))) + EPSILON : 1;
  return centredG.map((x) => (x * others) / deviation);
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
