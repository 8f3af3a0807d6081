/**
 * What tests of the decoding engine share: an exact engine whose sizes a test chooses, and slices of completions.
 *
 * @module
 */
import { type Engine, type EngineOptions, type EngineTokens, openEngine } from "../../llama/index.ts";

/** Opens an engine on the CPU, as exact as it gets, with 8 slots of 128 tokens unless the test says otherwise. */
export function openDecoding(gguf: string, choice: Partial<EngineOptions> = {}): Promise<Engine> {
  return openEngine({
    gguf,
    device: "cpu",
    slots: 8,
    contextTokens: 128,
    threads: 1,
    template: "raw",
    exact: true,
    ...choice,
  });
}

/** The first `count` tokens of a completion, as an engine that stopped there would have recorded them. */
export function beginning({ tokens, logp, logq, entropy, spans }: EngineTokens, count: number): EngineTokens {
  return {
    tokens: tokens.slice(0, count),
    logp: logp.slice(0, count),
    logq: logq.slice(0, count),
    entropy: entropy.slice(0, count),
    spans: spans.filter(({ from }) => from < count),
  };
}

/** A prompt of `length` tokens that no other `seed` shares. */
export function somePrompt(length: number, seed = 0): Int32Array {
  return Int32Array.from({ length }, (_, index) => 1 + ((index * (seed + 3) * 7 + seed * 41) % 250));
}
