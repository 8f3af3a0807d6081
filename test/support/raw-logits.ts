/**
 * Logits as llama.cpp computes them, read in this process, and what a float64 softmax makes of them.
 *
 * @module
 */
import { type ContextSize, type DecodeContext, openContext } from "../../llama/decoding/context.ts";
import { type LoadedModel, loadModel } from "../../llama/decoding/load-model.ts";
import { settingsOf } from "../../llama/decoding/settings.ts";
import { withLlamaLog } from "../../llama/native/llama-api.ts";

const loaded = new Map<string, LoadedModel>();

/** Does some work on a context over a model's file, and closes it. */
export function withContext<T>(
  gguf: string,
  size: Pick<ContextSize, "cells" | "sequences"> & Partial<ContextSize>,
  work: (context: DecodeContext) => T,
): T {
  const model = loaded.get(gguf) ?? loadModel(gguf, "cpu");
  loaded.set(gguf, model);
  const settings = settingsOf({ exact: true }, model.device);
  const context = openContext(model, { outputs: size.sequences, threads: 1, settings, ...size });
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
export function logSoftmax(logits: Iterable<number>, temperature: number): number[] {
  const scaled = [...logits].map((logit) => logit / (temperature || 1));
  const greatest = Math.max(...scaled);
  const logSum = Math.log(scaled.reduce((sum, value) => sum + Math.exp(value - greatest), 0));
  return scaled.map((value) => value - greatest - logSum);
}

/** −Σ p log p in nats. */
export function entropyOf(logps: readonly number[]): number {
  return -logps.reduce((sum, logp) => sum + Math.exp(logp) * logp, 0);
}

/** Which tokens may be chosen; see `SamplingSettings`. */
export interface Truncation {
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
}

/** Probabilities after truncation, zero for what is left out: first topK, of these topP, of these minP. */
export function truncate(logps: readonly number[], { topK = 0, topP = 1, minP = 0 }: Truncation): number[] {
  const shares = logps.map((logp, token) => ({ token, share: Math.exp(logp) }));
  let kept = shares.toSorted((a, b) => b.share - a.share).slice(0, topK || shares.length);
  const wanted = topP * sumOf(kept);
  kept = kept.filter((_, rank) => topP === 1 || sumOf(kept.slice(0, rank)) < wanted);
  kept = kept.filter(({ share }) => share >= minP * (kept[0]?.share ?? 0));
  const sum = sumOf(kept);
  const probabilities = logps.map(() => 0);
  for (const { token, share } of kept) probabilities[token] = share / sum;
  return probabilities;
}

function sumOf(shares: readonly { readonly share: number }[]): number {
  return shares.reduce((sum, { share }) => sum + share, 0);
}
