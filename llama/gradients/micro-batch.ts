import { FleetError } from "../../core/index.ts";

/** One text to learn from. Every token from index `from` on is predicted, each from those before it. */
export interface TrainingSequence {
  readonly tokens: Int32Array;
  /** At least 1: nothing predicts the first token. */
  readonly from: number;
}

/** Sequences that go through the model together. Those with equal tokens before `from` share the work on them. */
export interface MicroBatch {
  /** Log-probabilities and entropies are those of softmax(logits / temperature). */
  readonly temperature: number;
  readonly sequences: readonly TrainingSequence[];
}

/** A micro-batch that no model can compute. */
export class MicroBatchError extends FleetError {
  readonly code = "llama.invalid_micro_batch";
  readonly disposition = "reject";
}

/** @throws {MicroBatchError} naming the sequence and what is wrong with it */
export function checkMicroBatch({ temperature, sequences }: MicroBatch, vocabulary: number): void {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new MicroBatchError(`temperature ${temperature} is not a positive number`);
  if (sequences.length === 0) throw new MicroBatchError("a micro-batch without sequences");
  for (const [index, { tokens, from }] of sequences.entries()) {
    if (!Number.isInteger(from) || from < 1 || from >= tokens.length)
      throw new MicroBatchError(
        `sequence ${index} predicts from token ${from} of ${tokens.length}, should be from 1 to ${tokens.length - 1}`,
      );
    const wrong = tokens.findIndex((token) => token < 0 || token >= vocabulary);
    if (wrong >= 0)
      throw new MicroBatchError(
        `sequence ${index} has token ${tokens[wrong]} at ${wrong}, the vocabulary has ${vocabulary}`,
      );
  }
}
