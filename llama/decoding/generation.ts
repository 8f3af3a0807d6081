/**
 * What is asked of a decoding engine and what it answers: groups of samples in, completions out. Values of tokens are
 * arrays of one length, indexed by the completion's token.
 *
 * @module
 */
import type { RandomKey } from "../../core/index.ts";

/** What a token was sampled under. */
export interface Policy {
  readonly version: number;
  /** SHA-256 of the adapter's GGUF in hexadecimal; empty for the base alone. */
  readonly adapter: string;
}

/** The tokens from index `from` up to the next span were sampled under `policy`. */
export interface PolicySpan {
  readonly from: number;
  readonly policy: Policy;
}

/** The tokens of a completion and what was recorded when each was sampled. */
export interface EngineTokens {
  readonly tokens: Int32Array;
  /** Log-softmax of logits / temperature, before truncation; at temperature 0 of the logits. In nats. */
  readonly logp: Float32Array;
  /** The same after truncation, over what was left to choose from; empty unless sampling was truncated. */
  readonly logq: Float32Array;
  /** Of the distribution that `logp` belongs to, in nats. */
  readonly entropy: Float32Array;
  readonly spans: readonly PolicySpan[];
}

/** How tokens are chosen and when a completion ends. */
export interface SamplingSettings {
  /** Divides the logits; 0 takes the likeliest token. */
  readonly temperature: number;
  /** Only this many of the likeliest tokens; 0 for all. */
  readonly topK: number;
  /** Only the fewest likeliest tokens that hold this share of the probability; 1 for all. */
  readonly topP: number;
  /** Only tokens at least this share as likely as the likeliest; 0 for all. */
  readonly minP: number;
  /** The longest completion, prefix and end token included. */
  readonly maxTokens: number;
  /** Texts that end a completion. Their tokens are kept, the text is cut before them. */
  readonly stop: readonly string[];
}

/** One completion to generate. */
export interface SampleRequest {
  readonly sample: number;
  /** Draw number n of this key chooses the completion's token n. */
  readonly key: RandomKey;
  /** What an earlier worker generated: evaluated again, its recorded values and spans kept as they are. */
  readonly prefix?: EngineTokens;
}

/** Completions of one prompt. The prompt is evaluated once; samples start in the order given. */
export interface GroupRequest {
  /** Names the group in messages. */
  readonly task: string;
  readonly prompt: Int32Array;
  readonly samples: readonly SampleRequest[];
  readonly sampling: SamplingSettings;
}

/** Why a completion ended: the model's end token, a stop text, `maxTokens`, or it was handed over unfinished. */
export type FinishReason = "end" | "stop" | "length" | "partial";

/** A completion. `text` has neither the end token nor the stop text. */
export interface EngineCompletion extends EngineTokens {
  readonly sample: number;
  readonly finish: FinishReason;
  readonly text: string;
  readonly timings: CompletionTimings;
}

/** Where a completion's time went, in milliseconds. */
export interface CompletionTimings {
  /** Waiting for a slot. */
  readonly queuedMs: number;
  /** Evaluating prompt (the group's, once) and prefix. */
  readonly prefillMs: number;
  /** From the first new token on. */
  readonly decodeMs: number;
  /** When each of the last spans, which were sampled here, began within that. */
  readonly spanStartsMs: readonly number[];
}

/**
 * Why a sample has no completion. Classes: `prompt-empty`, `prompt-too-long`, `token-unknown`, `non-finite-logits`,
 * `engine-died`, `engine-closed`.
 */
export interface SampleFailure {
  readonly errorClass: string;
  readonly message: string;
  /** Whether the same sample may succeed later or elsewhere. */
  readonly retry: boolean;
  /** Of a prompt that is too long: the context that it does not fit. */
  readonly contextTokens?: number;
}

/** Receives each sample of a group once, as it ends, unless it was cancelled or handed over. */
export interface GroupSink {
  finished(completion: EngineCompletion): void;
  failed(sample: number, error: SampleFailure): void;
}

/** A group in generation. */
export interface GroupHandle {
  /** Stops one sample; the sink hears no more of it. */
  cancel(sample: number): void;
  /** Stops all samples and returns those that have tokens, unfinished: `finish` is "partial". */
  handOver(): Promise<EngineCompletion[]>;
  /** Resolves when every sample has finished, failed, or was cancelled or handed over. */
  readonly done: Promise<void>;
}
