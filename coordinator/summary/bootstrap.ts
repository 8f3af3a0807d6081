import { createRandom } from "../../core/index.ts";

/** A mean with its 95 % interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;

/**
 * The mean of paired differences with its 95 % percentile-bootstrap interval (Efron and Tibshirani, "An introduction to
 * the bootstrap", 1993, chapter 13). The resamples are drawn from a fixed key: the same differences give the same interval.
 *
 * @param differences - one a pair, at least one
 */
export function bootstrapInterval(differences: readonly number[]): Interval {
  const next = createRandom("bootstrap");
  const count = differences.length;
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += differences[Math.floor(next() * count)] ?? 0;
    return sum / count;
  }).sort();
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / count,
    low: means[Math.floor(RESAMPLES * 0.025)] ?? 0,
    high: means[Math.ceil(RESAMPLES * 0.975) - 1] ?? 0,
  };
}
