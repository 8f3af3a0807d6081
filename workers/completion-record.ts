/**
 * Between what the engine knows of a completion and what its record says: bytes instead of arrays, and for each span
 * of tokens who sampled it.
 *
 * @module
 */
import type { EngineCompletion, EngineTokens } from "../llama/index.ts";
import type { Completion, CompletionInit, FinishReason, Span } from "../proto/index.ts";
import { float32Array, float32Bytes, int32Array, int32Bytes } from "../transport/index.ts";

/** Who samples here: what a span names besides its policy. */
export interface Origin {
  readonly worker: string;
  readonly device: string;
  /** The base that is loaded. */
  readonly variant: string;
}

const FINISH = {
  end: "FINISH_END",
  stop: "FINISH_STOP",
  length: "FINISH_LENGTH",
  partial: "FINISH_PARTIAL",
} as const satisfies Record<EngineCompletion["finish"], FinishReason>;

/**
 * The record of a completion.
 *
 * @param prefix - what an earlier worker sampled of it, as received; its spans are kept as recorded
 */
export function recordCompletion(
  completion: EngineCompletion,
  prefix: Completion | null,
  origin: Origin,
): CompletionInit {
  return {
    tokens: int32Bytes(completion.tokens),
    logp: float32Bytes(completion.logp),
    logq: float32Bytes(completion.logq),
    entropy: float32Bytes(completion.entropy),
    spans: joinSpans(prefix?.spans ?? [], prefixLength(prefix), completion, origin),
    finish: FINISH[completion.finish],
    text: completion.text,
  };
}

/**
 * An earlier worker's tokens as the engine takes them.
 *
 * @throws {MalformedMessageError} when a field is not a whole number of values
 */
export function readPrefix(prefix: Completion): EngineTokens {
  return {
    tokens: int32Array(prefix.tokens),
    logp: float32Array(prefix.logp),
    logq: float32Array(prefix.logq),
    entropy: float32Array(prefix.entropy),
    spans: prefix.spans.map((span) => ({
      from: span.from,
      policy: { version: span.policyVersion, adapter: span.adapter },
    })),
  };
}

/** Tokens of a prefix; 0 when there is none. */
export function prefixLength(prefix: Completion | null): number {
  return prefix === null ? 0 : int32Array(prefix.tokens).length;
}

/** The recorded spans of the first `taken` tokens, then the engine's own for the tokens that it added. */
function joinSpans(
  recorded: readonly Span[],
  taken: number,
  { tokens, spans }: EngineTokens,
  origin: Origin,
): Span[] {
  const added = spans.flatMap(({ from, policy }, i) => {
    const end = spans[i + 1]?.from ?? tokens.length;
    if (end <= taken) return [];
    return [
      { from: Math.max(from, taken), policyVersion: policy.version, adapter: policy.adapter, ...origin },
    ];
  });
  return [...recorded, ...added];
}
