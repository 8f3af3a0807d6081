/**
 * Chooses a token from logits, and says how likely it was. Plain arithmetic: it knows neither llama.cpp nor sequences,
 * and the same logits, settings and draw give the same choice on every machine.
 *
 * @module
 */
import type { SamplingSettings } from "./generation.ts";
import { BLOCK, createSoftmaxKernel, type SoftmaxKernel } from "./softmax-kernel.ts";
import { isTruncated, type LogitRow, truncate } from "./truncation.ts";

/** A chosen token; probabilities as {@link EngineTokens} defines them. */
export interface Choice {
  readonly token: number;
  readonly logp: number;
  /** NaN unless sampling was truncated. */
  readonly logq: number;
  readonly entropy: number;
}

/** The settings that choose a token. */
export type ChoiceSettings = Pick<SamplingSettings, "temperature" | "topK" | "topP" | "minP">;

/** How likely a given token was. */
export type Likelihood = Pick<Choice, "logp" | "entropy">;

/** A sampler for one vocabulary. Keeps memory for one row between calls, nothing else. */
export interface Sampler {
  /**
   * @param logits - [vocabulary]
   * @param uniform - in [0, 1): which token, counted along the distribution in the order of token ids
   * @returns null when a logit is not finite
   */
  choose(logits: Float32Array, settings: ChoiceSettings, uniform: number): Choice | null;
  /** Scores a given token under softmax(logits / temperature), temperature 0 as 1; null when a logit is not finite. */
  score(logits: Float32Array, temperature: number, token: number): Likelihood | null;
}

/** Creates a sampler for logits of `vocabulary` entries. */
export function createSampler(vocabulary: number): Sampler {
  const kernel = createSoftmaxKernel(vocabulary);
  return {
    choose(logits, settings, uniform) {
      const row = measure(kernel, logits, settings.temperature);
      if (row === null) return null;
      if (settings.temperature === 0) return choiceOf(row, likeliestOf(row), Number.NaN);
      if (!isTruncated(settings)) return choiceOf(row, pick(kernel, row, uniform), Number.NaN);
      const { tokens, weights, sum } = truncate(row, settings);
      return choiceOf(row, tokens[indexAt(weights, uniform * sum)] as number, Math.log(sum));
    },
    score(logits, temperature, token) {
      const row = measure(kernel, logits, temperature);
      return row && { logp: logWeight(row, token) - row.logSum, entropy: row.entropy };
    },
  };
}

interface MeasuredRow extends LogitRow {
  /** log2(e) / temperature: what the kernel multiplies with. */
  readonly scale: number;
  readonly logSum: number;
  readonly entropy: number;
}

/** So small a temperature leaves only the greatest logit; the kernel's float32 holds no larger factor. */
const LARGEST_SCALE = 1e38;

function measure(kernel: SoftmaxKernel, logits: Float32Array, asked: number): MeasuredRow | null {
  const temperature = asked || 1;
  kernel.logits.set(logits);
  const greatest = kernel.greatest();
  if (Number.isNaN(greatest)) return null;
  const scale = Math.min(Math.LOG2E / temperature, LARGEST_SCALE);
  const { sum, mean } = kernel.weigh(greatest, scale);
  const logSum = Math.log(sum);
  const entropy = Math.max(0, logSum - (Math.LN2 * mean) / sum);
  const { logits: copied, maximaB } = kernel;
  return { logits: copied, maximaB, temperature, greatest, scale, sum, logSum, entropy };
}

/** The lowest token id with the greatest logit. */
function likeliestOf({ logits, maximaB, greatest }: MeasuredRow): number {
  return logits.indexOf(greatest, BLOCK * maximaB.indexOf(greatest));
}

/** The token in which `uniform` × sum falls when the weights lie end to end. */
function pick(kernel: SoftmaxKernel, { greatest, scale, sum }: MeasuredRow, uniform: number): number {
  const target = uniform * sum;
  const block = indexAt(kernel.sumsB, target);
  let before = 0;
  for (let index = 0; index < block; index++) before += kernel.sumsB[index] as number;
  return BLOCK * block + indexAt(kernel.weightsOf(block, greatest, scale), target - before);
}

/** Where the running sum of weights first exceeds `target`; the last weight above zero when rounding leaves it below. */
function indexAt(weights: ArrayLike<number>, target: number): number {
  let reached = 0;
  let last = 0;
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index] as number;
    if (weight === 0) continue;
    reached += weight;
    last = index;
    if (reached > target) break;
  }
  return last;
}

function choiceOf(row: MeasuredRow, token: number, logKeptSum: number): Choice {
  const weight = logWeight(row, token);
  return { token, logp: weight - row.logSum, logq: weight - logKeptSum, entropy: row.entropy };
}

function logWeight({ logits, greatest, temperature }: MeasuredRow, token: number): number {
  return ((logits[token] as number) - greatest) / temperature;
}
