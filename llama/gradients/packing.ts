/**
 * How sequences become one matrix of tokens. Sequences of a micro-batch that have the same prompt share its tokens: a
 * prompt is one *row* of attention, each completion a row whose keys are the prompt's tokens and its own. Everything
 * but attention sees only the packed tokens, so nothing is computed twice or for padding.
 *
 * @module
 */
import type { MicroBatch, TrainingSequence } from "./micro-batch.ts";

/** The queries of one stretch of text and the keys that they may see. All are indexes of packed tokens. */
export interface AttentionRow {
  /** Consecutive positions. Query q sees the keys up to its own position. */
  readonly queries: readonly number[];
  /** From position 0 to the position of the last query. */
  readonly keys: readonly number[];
}

/** Packed tokens, filled up with dead ones that nobody sees and that predict nothing. */
export interface Packing {
  /** Token ids, N of them; N is a multiple of {@link TOKEN_STEP} and the last one is dead. */
  readonly tokensN: Int32Array;
  /** The position of each in its sequence. */
  readonly positionsN: Int32Array;
  readonly rows: readonly AttentionRow[];
  /** For each predicted token, sequences concatenated, the packed token that predicts it; filled up with dead ones. */
  readonly predictorsP: Int32Array;
  /** The predicted token ids, filled up with zeros. */
  readonly targetsP: Int32Array;
  /** How many are predicted, without what fills up. */
  readonly predicted: number;
}

/** Counts of tokens are rounded up to this, since ggml's fastest kernels work on such blocks. */
export const TOKEN_STEP = 32;

/** Packs a micro-batch. Depends on nothing but the batch. */
export function packSequences({ sequences }: MicroBatch): Packing {
  const tokens: number[] = [];
  const positions: number[] = [];
  const rows: AttentionRow[] = [];
  const predictors: number[] = [];
  const targets: number[] = [];

  const append = (ids: Int32Array, firstPosition: number, before: readonly number[]): number[] => {
    const queries = Array.from(ids, (_, index) => tokens.length + index);
    for (const [index, id] of ids.entries()) {
      tokens.push(id);
      positions.push(firstPosition + index);
    }
    const keys = [...before, ...queries];
    if (queries.length > 0) rows.push({ queries, keys });
    return keys;
  };

  const promptOf = sharedPrompts(sequences, (prompt) => append(prompt, 0, []));
  for (const sequence of sequences) {
    const shared = promptOf(sequence);
    // Nothing is predicted from the last token.
    const rest = sequence.tokens.subarray(shared.length, Math.max(shared.length, sequence.tokens.length - 1));
    const keys = append(rest, shared.length, shared);
    for (let index = sequence.from; index < sequence.tokens.length; index++) {
      predictors.push(keys[index - 1] ?? 0);
      targets.push(sequence.tokens[index] ?? 0);
    }
  }

  const dead = tokens.length;
  const fill = roundUp(dead + 1) - dead;
  const fillPredicted = roundUp(predictors.length) - predictors.length;
  return {
    tokensN: Int32Array.from([...tokens, ...Array<number>(fill).fill(0)]),
    positionsN: Int32Array.from([...positions, ...Array<number>(fill).fill(0)]),
    rows,
    predictorsP: Int32Array.from([...predictors, ...Array<number>(fillPredicted).fill(dead)]),
    targetsP: Int32Array.from([...targets, ...Array<number>(fillPredicted).fill(0)]),
    predicted: predictors.length,
  };
}

/** Finds each sequence's packed prompt; `append` packs it when the first of at least two that share it asks. */
function sharedPrompts(
  sequences: readonly TrainingSequence[],
  append: (prompt: Int32Array) => number[],
): (sequence: TrainingSequence) => readonly number[] {
  const keyOf = ({ tokens, from }: TrainingSequence) => tokens.subarray(0, from).join();
  const uses = new Map<string, number>();
  for (const sequence of sequences) uses.set(keyOf(sequence), (uses.get(keyOf(sequence)) ?? 0) + 1);
  const packed = new Map<string, readonly number[]>();
  return (sequence) => {
    const key = keyOf(sequence);
    if ((uses.get(key) ?? 0) < 2) return [];
    const prompt = packed.get(key) ?? append(sequence.tokens.subarray(0, sequence.from));
    packed.set(key, prompt);
    return prompt;
  };
}

function roundUp(count: number): number {
  return Math.ceil(count / TOKEN_STEP) * TOKEN_STEP;
}
