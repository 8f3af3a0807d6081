import type { StepMetricsInit, VariantGapInit } from "../../proto/index.ts";
import { k3 } from "./kl.ts";
import { clampLogRatio } from "./log-ratio.ts";
import type { CompletionLoss } from "./loss.ts";
import type { TrainingSequence } from "./training-batch.ts";

/** What a forward pass said of one completion. */
export interface TalliedCompletion {
  readonly sequence: TrainingSequence;
  /** Log-probabilities of its tokens under the policy this step starts from, in nats. */
  readonly proxT: Float32Array;
  /** Under the reference; null where it was not computed. */
  readonly referenceT: Float32Array | null;
  /** Entropy of each token's distribution, in nats. */
  readonly entropyT: Float32Array;
  readonly loss: CompletionLoss;
}

/** Metrics of the loss; what is not about tokens is left to others. */
export type LossMetrics = Required<
  Pick<
    StepMetricsInit,
    | "loss"
    | "kl"
    | "entropy"
    | "ratioMean"
    | "ratioMax"
    | "clippedShare"
    | "lossTokens"
    | "trainedTokens"
    | "trainedRollouts"
    | "gaps"
  >
>;

/** Sums over the completions of a step. */
export interface Tally {
  add(completion: TalliedCompletion): void;
  /** Means, maxima and shares over all that was added. */
  metrics(): LossMetrics;
}

/** Sums over the tokens that were sampled on one variant of the base. */
interface VariantSums {
  tokens: number;
  sumAbs: number;
  maxAbs: number;
  ratio: number;
  cut: number;
  clipped: number;
}

/** A tally of nothing. */
export function createTally(): Tally {
  const sums = { loss: 0, kl: 0, klTokens: 0, entropy: 0, ratio: 0, ratioMax: 0, clipped: 0 };
  const counts = { lossTokens: 0, trainedTokens: 0, rollouts: 0 };
  const variants = new Map<string, VariantSums>();

  return {
    add({ sequence, proxT, referenceT, entropyT, loss }) {
      sums.loss += loss.loss;
      counts.lossTokens += proxT.length;
      counts.trainedTokens += sequence.tokens.length;
      counts.rollouts++;
      for (let t = 0; t < proxT.length; t++) {
        const prox = proxT[t] as number;
        const ratio = Math.exp(clampLogRatio(prox - (sequence.muT[t] as number)));
        sums.ratio += ratio;
        sums.ratioMax = Math.max(sums.ratioMax, ratio);
        sums.entropy += entropyT[t] as number;
        sums.clipped += Number(loss.clippedT[t]);
        const sum = sumsOf(variants, sequence.variantT[t] ?? "");
        // The gap is against the full softmax, whatever sampling cut off.
        const distance = Math.abs(prox - (sequence.recordedT[t] as number));
        sum.tokens++;
        sum.sumAbs += distance;
        sum.maxAbs = Math.max(sum.maxAbs, distance);
        sum.ratio += ratio;
        sum.cut += Number(loss.cutT[t]);
        sum.clipped += Number(loss.clippedT[t]);
      }
      if (referenceT === null) return;
      sums.klTokens += referenceT.length;
      for (let t = 0; t < referenceT.length; t++) sums.kl += k3(proxT[t] as number, referenceT[t] as number);
    },
    metrics: () => ({
      loss: sums.loss,
      kl: share(sums.kl, sums.klTokens),
      entropy: share(sums.entropy, counts.lossTokens),
      ratioMean: share(sums.ratio, counts.lossTokens),
      ratioMax: sums.ratioMax,
      clippedShare: share(sums.clipped, counts.lossTokens),
      lossTokens: counts.lossTokens,
      trainedTokens: counts.trainedTokens,
      trainedRollouts: counts.rollouts,
      gaps: [...variants].map(([variant, sum]) => gapMetrics(variant, sum)),
    }),
  };
}

function sumsOf(variants: Map<string, VariantSums>, variant: string): VariantSums {
  const known = variants.get(variant);
  if (known !== undefined) return known;
  const sums = { tokens: 0, sumAbs: 0, maxAbs: 0, ratio: 0, cut: 0, clipped: 0 };
  variants.set(variant, sums);
  return sums;
}

function gapMetrics(variant: string, sums: VariantSums): VariantGapInit {
  const { tokens, sumAbs, maxAbs, ratio, cut, clipped } = sums;
  return {
    variant,
    tokens,
    meanAbs: share(sumAbs, tokens),
    maxAbs,
    cutShare: share(cut, tokens),
    ratioMean: share(ratio, tokens),
    clippedShare: share(clipped, tokens),
  };
}

function share(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}
