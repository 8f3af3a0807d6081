/**
 * Estimators of KL(π ‖ reference) from single tokens that π sampled.
 *
 * @see http://joschu.net/blog/kl-approx.html
 * @module
 */
import { clampLogRatio, withinClamp } from "./log-ratio.ts";

/** k1 = log π − log reference: unbiased, of either sign. */
export function k1(logp: number, reference: number): number {
  return clampLogRatio(logp - reference);
}

/** k3 = r − 1 − log r with r = reference / π: unbiased, never negative. */
export function k3(logp: number, reference: number): number {
  const logRatio = clampLogRatio(reference - logp);
  return Math.expm1(logRatio) - logRatio;
}

/** An estimate and its derivative by log π. */
export interface KlTerm {
  readonly value: number;
  readonly derivative: number;
}

/** The estimate as a term of the loss. k2 = (log r)² / 2: biased, of low variance. */
export function klLoss(estimator: "k2" | "k3", logp: number, reference: number): KlTerm {
  const logRatio = clampLogRatio(reference - logp);
  const moves = withinClamp(reference - logp);
  if (estimator === "k2") return { value: logRatio ** 2 / 2, derivative: moves ? -logRatio : 0 };
  return { value: k3(logp, reference), derivative: moves ? -Math.expm1(logRatio) : 0 };
}
