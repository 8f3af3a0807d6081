import type { PackedSequence } from "../pack.ts";
import { type Pair, UnusablePairsError } from "./pairs.ts";

/** A pair as tokens. */
export interface Example {
  /** Prompt, completion and end token. */
  readonly tokens: Int32Array;
  /** Index of the completion's first token. */
  readonly completionFrom: number;
}

/** An example for packing: one that shares its prompt with nobody. */
export function packedExample({ tokens, completionFrom }: Example, group: number): PackedSequence {
  return { group, promptTokens: completionFrom, completionTokens: tokens.length - completionFrom };
}

/** What turns a model's texts into tokens. */
export interface Tokenizer {
  /** A prompt as it is when it is sampled for: template, and beginning-of-sequence token where the model has one. */
  prompts(texts: readonly string[]): Promise<Int32Array[]>;
  /** Plain text, without such a token. */
  completions(texts: readonly string[]): Promise<Int32Array[]>;
  /** What ends a completion. */
  readonly endToken: number;
  /** Longest example that the model takes, in tokens. */
  readonly contextTokens: number;
}

/** Pairs tokenized at once. */
const CHUNK = 256;

/**
 * Tokenizes pairs; each ends in the end token.
 *
 * @param source - names the pairs in errors
 * @throws {UnusablePairsError} naming the first pair that is longer than the model's context
 */
export async function tokenizePairs(
  pairs: readonly Pair[],
  tokenizer: Tokenizer,
  source: string,
): Promise<Example[]> {
  const examples: Example[] = [];
  for (let from = 0; from < pairs.length; from += CHUNK) {
    const chunk = pairs.slice(from, from + CHUNK);
    const prompts = await tokenizer.prompts(chunk.map(({ prompt }) => prompt));
    const completions = await tokenizer.completions(chunk.map(({ completion }) => completion));
    prompts.forEach((prompt, index) => {
      examples.push(joinExample(prompt, completions[index] ?? new Int32Array(), tokenizer.endToken));
    });
  }
  const tooLong = examples.findIndex(({ tokens }) => tokens.length > tokenizer.contextTokens);
  if (tooLong >= 0) {
    throw new UnusablePairsError(
      `pair ${tooLong + 1} of ${source} has ${examples[tooLong]?.tokens.length} tokens, the model's context ${tokenizer.contextTokens}`,
    );
  }
  return examples;
}

function joinExample(prompt: Int32Array, completion: Int32Array, endToken: number): Example {
  const tokens = new Int32Array(prompt.length + completion.length + 1);
  tokens.set(prompt);
  tokens.set(completion, prompt.length);
  tokens[tokens.length - 1] = endToken;
  return { tokens, completionFrom: prompt.length };
}
