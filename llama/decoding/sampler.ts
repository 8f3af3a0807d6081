/**
 * Chooses a token from logits, and says how likely it was. Plain arithmetic on typed arrays: it knows neither
 * llama.cpp nor sequences, and the same logits, settings and draw always give the same choice.
 *
 * @module
 */
import type { SamplingSettings } from "./generation.ts";
import { createTruncation, isTruncated } from "./truncation.ts";

/** A chosen token; probabilities as {@link EngineTokens} defines them. */
export interface Choice {
  readonly token: number;
  readonly logp: number;
  /** NaN unless sampling was truncated. */
  readonly logq: number;
  readonly entropy: number;
}

/** How likely a given token was. */
export type Likelihood = Pick<Choice, "logp" | "entropy">;

/** A sampler for one vocabulary. Keeps scratch memory between calls, nothing else. */
export interface Sampler {
  /**
   * @param logits - [vocabulary]
   * @param uniform - in [0, 1): which token, counted along the distribution in the order of token ids
   * @returns null when a logit is not finite
   */
  choose(logits: Float32Array, settings: SamplingSettings, uniform: number): Choice | null;
  /** Scores a given token under softmax(logits / temperature), temperature 0 as 1; null when a logit is not finite. */
  score(logits: Float32Array, temperature: number, token: number): Likelihood | null;
}

/** Creates a sampler for logits of `vocabulary` entries. */
export function createSampler(vocabulary: number): Sampler {
  const weights = new Float64Array(vocabulary);
  const truncate = createTruncation(vocabulary);
  return {
    choose(logits, settings, uniform) {
      const { temperature } = settings;
      const softmax = weigh(logits, temperature || 1, weights);
      if (softmax === null) return null;
      if (temperature === 0) return choiceOf(logits, softmax, softmax.likeliest, Number.NaN);
      if (!isTruncated(settings))
        return choiceOf(logits, softmax, pick(weights, softmax.sum, uniform), Number.NaN);
      const keptSum = truncate(weights, settings);
      return choiceOf(logits, softmax, pick(weights, keptSum, uniform), Math.log(keptSum));
    },
    score(logits, temperature, token) {
      const softmax = weigh(logits, temperature || 1, weights);
      return (
        softmax && { logp: logWeight(logits, softmax, token) - softmax.logSum, entropy: softmax.entropy }
      );
    },
  };
}

interface Softmax {
  readonly temperature: number;
  readonly greatest: number;
  /** The lowest token id with the greatest logit. */
  readonly likeliest: number;
  readonly sum: number;
  readonly logSum: number;
  readonly entropy: number;
}

/** Fills `weights` with exp((logit − greatest) / temperature) and sums them; null when a logit is not finite. */
function weigh(logits: Float32Array, temperature: number, weights: Float64Array): Softmax | null {
  const likeliest = likeliestOf(logits);
  const greatest = logits[likeliest] as number;
  let sum = 0;
  let mean = 0; // Of the exponents, weighted: NaN or infinite as soon as one logit is.
  for (let token = 0; token < logits.length; token++) {
    const exponent = ((logits[token] as number) - greatest) / temperature;
    const weight = Math.exp(exponent);
    weights[token] = weight;
    sum += weight;
    mean += weight * exponent;
  }
  const logSum = Math.log(sum);
  const entropy = logSum - mean / sum;
  return Number.isFinite(entropy) ? { temperature, greatest, likeliest, sum, logSum, entropy } : null;
}

function likeliestOf(logits: Float32Array): number {
  let likeliest = 0;
  let greatest = logits[0] as number;
  for (let token = 1; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (logit > greatest) {
      greatest = logit;
      likeliest = token;
    }
  }
  return likeliest;
}

/** The token in which `uniform` × `sum` falls when the weights lie end to end. */
function pick(weights: Float64Array, sum: number, uniform: number): number {
  const target = uniform * sum;
  let reached = 0;
  let last = 0;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] as number;
    if (weight === 0) continue;
    reached += weight;
    last = token;
    if (reached > target) break;
  }
  return last;
}

function choiceOf(logits: Float32Array, softmax: Softmax, token: number, logKeptSum: number): Choice {
  const weight = logWeight(logits, softmax, token);
  return { token, logp: weight - softmax.logSum, logq: weight - logKeptSum, entropy: softmax.entropy };
}

function logWeight(logits: Float32Array, { greatest, temperature }: Softmax, token: number): number {
  return ((logits[token] as number) - greatest) / temperature;
}
