import type { CheckpointConfig } from "../config.ts";

/**
 * The checkpoints that stay.
 *
 * @param steps - of the checkpoints that there are, in any order
 */
export function stepsToKeep(
  steps: readonly number[],
  { keepLast, keepEvery }: CheckpointConfig,
): ReadonlySet<number> {
  const newest = steps.toSorted((a, b) => b - a).slice(0, keepLast);
  const regular = keepEvery === 0 ? [] : steps.filter((step) => step > 0 && step % keepEvery === 0);
  return new Set([...newest, ...regular]);
}
