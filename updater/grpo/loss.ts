/**
 * The loss of one completion, and its derivative by the log-probability of each token.
 *
 * Three policies: μ sampled the token, π_prox is where this step starts, π_θ is being optimized. With ρ the ratio
 * that is clipped, w the detached weight, A the advantage and K the divergence's estimate,
 *
 *     loss = scale · Σ_t ( −w_t · min(ρ_t A_t, clip(ρ_t) A_t) + β · w_t · K_t )
 *
 * - `ratio: prox`: ρ = π_θ / π_prox and w = min(π_prox / μ, weightCap), truncated importance sampling
 * - `ratio: behaviour`: ρ = π_θ / μ and w = 1
 * - `ratioLevel: sequence`: ρ and w are geometric means over the completion
 * - `kl: k1`: no K; A_t = A − β · k1_t instead, detached
 *
 * The loss is minimized. A coefficient is ∂loss/∂ log π_θ, so that the gradient is Σ coefficient · ∂ log π_θ / ∂θ.
 *
 * @see PPO arXiv:1707.06347; GRPO arXiv:2402.03300; decoupled proximal policy arXiv:2110.00641; sequence ratio
 *   arXiv:2507.18071; upper clip of its own arXiv:2503.14476
 * @module
 */
import type { GrpoConfig } from "../config.ts";
import { k1, klLoss } from "./kl.ts";
import { clampLogRatio, withinClamp } from "./log-ratio.ts";

/** What the loss depends on beside the policies. */
export type LossOptions = Pick<
  GrpoConfig,
  "ratio" | "ratioLevel" | "clipLow" | "clipHigh" | "beta" | "kl" | "weightCap"
>;

/** Log-probabilities of a completion's tokens, in nats. */
export interface TokenPolicies {
  /** Under π_θ. */
  readonly logpT: Float32Array;
  /** Under π_prox; the same array where one step is made per batch. */
  readonly proxT: Float32Array;
  /** Under μ, as it was sampled from. */
  readonly muT: Float32Array;
  /** Under the reference; null where it is not known, which `beta` above 0 does not allow. */
  readonly referenceT: Float32Array | null;
}

/** The loss of a completion. */
export interface CompletionLoss {
  readonly loss: number;
  /** ∂loss/∂ log π_θ of each token. */
  readonly coefficientsT: Float32Array;
  /** For each token whether the clip stopped its gradient. */
  readonly clippedT: readonly boolean[];
  /** For each token whether its weight was cut off at `weightCap`. */
  readonly cutT: readonly boolean[];
}

/**
 * @param advantage - of the completion
 * @param scale - of `lossScales`
 * @throws {RangeError} when `beta` is above 0 and there is no reference
 */
export function completionLoss(
  policies: TokenPolicies,
  advantage: number,
  scale: number,
  options: LossOptions,
): CompletionLoss {
  const { ratioT, movesT, weightT, cutT } = ratiosOf(policies, options);
  const advantageT = advantagesOf(policies, advantage, options);
  const passesT = ratioT.map((ratio, t) => passesClip(ratio, advantageT[t] as number, options));
  const slopeT = ratioT.map((ratio, t) =>
    passesT[t] && movesT[t] ? (weightT[t] as number) * ratio * (advantageT[t] as number) : 0,
  );
  const creditT = options.ratioLevel === "sequence" ? fillMean(slopeT) : slopeT;

  const coefficientsT = new Float32Array(ratioT.length);
  let loss = 0;
  for (let t = 0; t < ratioT.length; t++) {
    const weight = weightT[t] as number;
    const kl = klTerm(policies, t, options);
    loss += weight * (kl.value - surrogate(ratioT[t] as number, advantageT[t] as number, options));
    coefficientsT[t] = scale * (weight * kl.derivative - (creditT[t] as number));
  }
  const clippedT = passesT.map((passes) => !passes);
  return { loss: scale * loss, coefficientsT, clippedT, cutT };
}

interface Ratios {
  readonly ratioT: readonly number[];
  /** Whether the ratio moves with log π_θ, or stands at its clamp. */
  readonly movesT: readonly boolean[];
  readonly weightT: readonly number[];
  readonly cutT: readonly boolean[];
}

function ratiosOf(
  { logpT, proxT, muT }: TokenPolicies,
  { ratio, ratioLevel, weightCap }: LossOptions,
): Ratios {
  const level = ratioLevel === "sequence" ? fillMean : (valuesT: number[]) => valuesT;
  const oldT = ratio === "prox" ? proxT : muT;
  const logRatioT = level(Array.from(logpT, (logp, t) => logp - (oldT[t] as number)));
  const logWeightT = level(
    Array.from(proxT, (prox, t) => (ratio === "prox" ? prox - (muT[t] as number) : 0)),
  );
  const rawWeightT = logWeightT.map((logWeight) => Math.exp(clampLogRatio(logWeight)));
  const isWeighted = ratio === "prox";
  return {
    ratioT: logRatioT.map((logRatio) => Math.exp(clampLogRatio(logRatio))),
    movesT: logRatioT.map(withinClamp),
    weightT: rawWeightT.map((weight) => (isWeighted ? Math.min(weight, weightCap) : 1)),
    cutT: rawWeightT.map((weight) => isWeighted && weight > weightCap),
  };
}

function advantagesOf(
  { proxT, referenceT }: TokenPolicies,
  advantage: number,
  { beta, kl }: LossOptions,
): number[] {
  return Array.from(proxT, (prox, t) => {
    if (beta === 0 || kl !== "k1") return advantage;
    return advantage - beta * k1(prox, referenceAt(referenceT, t));
  });
}

function klTerm({ logpT, referenceT }: TokenPolicies, t: number, { beta, kl }: LossOptions) {
  if (beta === 0 || kl === "k1") return { value: 0, derivative: 0 };
  const { value, derivative } = klLoss(kl, logpT[t] as number, referenceAt(referenceT, t));
  return { value: beta * value, derivative: beta * derivative };
}

function referenceAt(referenceT: Float32Array | null, t: number): number {
  if (referenceT === null) throw new RangeError("beta above 0 needs log-probabilities under the reference");
  return referenceT[t] as number;
}

function surrogate(ratio: number, advantage: number, { clipLow, clipHigh }: LossOptions): number {
  const clipped = Math.min(1 + clipHigh, Math.max(1 - clipLow, ratio));
  return Math.min(ratio * advantage, clipped * advantage);
}

/** Whether the unclipped side of the minimum is taken, so that the surrogate moves with the ratio. */
function passesClip(ratio: number, advantage: number, { clipLow, clipHigh }: LossOptions): boolean {
  if (advantage > 0) return ratio <= 1 + clipHigh;
  return advantage === 0 || ratio >= 1 - clipLow;
}

function fillMean(valuesT: readonly number[]): number[] {
  const mean = valuesT.reduce((sum, value) => sum + value, 0) / valuesT.length;
  return valuesT.map(() => mean);
}
