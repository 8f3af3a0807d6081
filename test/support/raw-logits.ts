/**
 * Logits as llama.cpp computes them, read in this process, and what a float64 softmax makes of them.
 *
 * @module
 */
import { type ContextSize, type DecodeContext, openContext } from "../../llama/decoding/context.ts";
import { loadModel } from "../../llama/decoding/load-model.ts";
import { withLlamaLog } from "../../llama/native/llama-api.ts";

/** Does some work on a context over a model's file, and closes it. */
export function withContext<T>(
  gguf: string,
  size: Pick<ContextSize, "cells" | "sequences"> & Partial<ContextSize>,
  work: (context: DecodeContext) => T,
): T {
  const model = loadModel(gguf, "cpu");
  const context = openContext(model, { outputs: size.sequences, threads: 1, exact: true, ...size });
  return withLlamaLog(model.llama, () => {
    using open = context;
    return work(open);
  }).result;
}

/** The logits after each of `tokens`, [token][vocabulary], all computed in one batch on an otherwise empty context. */
export function readLogits(gguf: string, tokens: Int32Array): Float32Array[] {
  return withContext(gguf, { cells: 256, sequences: 1, outputs: tokens.length }, ({ batch, ...context }) => {
    const sequence = context.takeSequence();
    batch.clear();
    const rows = [...tokens].map((token, position) => batch.add(token, position, sequence, true));
    context.decode();
    return rows.map((row) => context.logits(row).slice());
  });
}

/** log softmax(logits / temperature) in float64; temperature 0 counts as 1. */
export function logSoftmax(logits: Float32Array, temperature: number): number[] {
  const scaled = [...logits].map((logit) => logit / (temperature || 1));
  const greatest = Math.max(...scaled);
  const logSum = Math.log(scaled.reduce((sum, value) => sum + Math.exp(value - greatest), 0));
  return scaled.map((value) => value - greatest - logSum);
}

/** −Σ p log p in nats. */
export function entropyOf(logps: readonly number[]): number {
  return -logps.reduce((sum, logp) => sum + Math.exp(logp) * logp, 0);
}
