import type { Example } from "./examples.ts";

/** Index of the first token that is predicted: the first of all when prompts count, else the completion's. */
export function firstPredicted(example: Example, promptWeight: number): number {
  return Math.max(1, promptWeight > 0 ? 1 : example.completionFrom);
}

/** Sum of the loss weights of examples; what a batch's loss is divided by. */
export function totalWeight(examples: readonly Example[], promptWeight: number): number {
  return examples.reduce((sum, example) => {
    const completion = example.tokens.length - Math.max(1, example.completionFrom);
    const prompt = Math.max(1, example.completionFrom) - firstPredicted(example, promptWeight);
    return sum + completion + prompt * promptWeight;
  }, 0);
}

/** What a forward pass over examples says. */
export interface Objective {
  /** ∂loss/∂logp of each predicted token, examples concatenated; the loss is −Σ weight · logp / total. */
  readonly coefficientsT: Float32Array;
  /** Sum of −logp over the completions' tokens, in nats. */
  readonly completionNll: number;
  readonly completionTokens: number;
}

/**
 * Weighted negative log-likelihood of examples and its derivative.
 *
 * @param logpT - of each predicted token from {@link firstPredicted} on, examples concatenated
 * @param total - {@link totalWeight} of the whole batch
 */
export function sftObjective(
  examples: readonly Example[],
  logpT: Float32Array,
  promptWeight: number,
  total: number,
): Objective {
  const coefficientsT = new Float32Array(logpT.length);
  let completionNll = 0;
  let completionTokens = 0;
  let at = 0;
  for (const example of examples) {
    for (let token = firstPredicted(example, promptWeight); token < example.tokens.length; token++, at++) {
      const inCompletion = token >= example.completionFrom;
      coefficientsT[at] = -(inCompletion ? 1 : promptWeight) / total;
      if (!inCompletion) continue;
      completionNll -= logpT[at] as number;
      completionTokens++;
    }
  }
  return { coefficientsT, completionNll, completionTokens };
}
