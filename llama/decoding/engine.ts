import type { EngineDiedError } from "../child/index.ts";
import type { ToldDecoding } from "../config.ts";
import type { ModelInfo } from "../gguf/index.ts";
import type { Device } from "../native/libraries.ts";
import type { AdapterBytes } from "./adapter-file.ts";
import type { GroupHandle, GroupRequest, GroupSink, Policy } from "./generation.ts";

/** What a decoding engine runs on. */
export interface EngineOptions {
  /** The model's file. */
  readonly gguf: string;
  readonly device: Device;
  /** Completions in generation at once, 1 to 100. */
  readonly slots: number;
  /** The longest prompt and completion together. The KV cache holds `slots` of these. */
  readonly contextTokens: number;
  /**
   * ggml's threads. With one, and weights not repacked, a token's logits do not depend on how many others a batch computes, only on the order of
   * its sequence's cells, in which sums round. In `exact` mode that is always the same: the same seed gives the same tokens and the same bits of their
   * log-probabilities alone and in a full batch. Else it is 2e-4 nats of a float32 model, and types that round activations (F16, Q8_0, Q4_K) can turn it into 3e-2.
   */
  readonly threads: number;
  /** "gguf" for the model's own chat template, "raw" for none, else a template's file. */
  readonly template: string;
  /** Exactness over speed: flash attention off, a float32 KV cache with cells of its own for each sequence, weights as the file has them. */
  readonly exact: boolean;
  /** How it computes where `exact` does not say it; left out: the defaults. */
  readonly decoding?: ToldDecoding;
  /** SHA-256 of the model whose adapters it loads, where `gguf` is another quantization of it; left out: of `gguf`. */
  readonly base?: string;
}

/** What becomes of running completions when the policy changes; see {@link Engine.activate}. */
export type OnPolicyChange = "keep" | "recompute" | "drain";

/** Teacher-forced scoring of a given sequence. */
export interface ScoreRequest {
  readonly tokens: Int32Array;
  /** The first token to score, at least 1. */
  readonly from: number;
  /** A loaded adapter's digest; empty for the base alone. */
  readonly adapter: string;
  /** Divides the logits; 0 scores as 1. */
  readonly temperature: number;
}

/** A model that generates, in a process of its own. Disposing ends that process; open samples fail as `engine-closed`. */
export interface Engine extends AsyncDisposable {
  /** The device that computes, as ggml names it. */
  readonly device: string;
  readonly model: ModelInfo;
  /** Resolves when the process ends unasked. Open samples fail as `engine-died`, calls reject with the same error. */
  readonly failed: Promise<EngineDiedError>;
  /** A conversation through the chat template as tokens. Nothing in `content` is read as a special token. */
  tokenizePrompt(messages: readonly { role: string; content: string }[]): Promise<Int32Array>;
  /**
   * Makes an adapter ready for `activate` and `score`. Loading one twice changes nothing.
   *
   * @param adapter - SHA-256 of `gguf` in hexadecimal; compared here, after all that bytes go through on their way
   * @throws {AdapterError} when the bytes have another digest or do not fit the model
   * @throws what `gguf` throws
   */
  loadAdapter(adapter: string, gguf: AdapterBytes): Promise<void>;
  /** Forgets an adapter. Its memory goes as soon as no running completion and no scoring needs it. */
  dropAdapter(adapter: string): Promise<void>;
  /**
   * Samples under another policy from now on; resolves once every new token is. Prompts with samples still to start are
   * evaluated again. Running completions: `keep` their KV cells and go on under the new policy, in a span of its own;
   * `recompute` their cells under it, and go on in a span of its own; `drain`: finish under the old one beside the new
   * samples. A drain waits for the end of one before it, until a later call overtakes it.
   *
   * @throws {AdapterError} when the adapter is not loaded
   * @throws {CancelledError} when a later call overtook a waiting drain
   */
  activate(policy: Policy, running: OnPolicyChange): Promise<void>;
  /** Queues a group behind those given before. */
  generate(group: GroupRequest, sink: GroupSink): GroupHandle;
  /** Values of `tokens[from …]`, each given the tokens before it. */
  score(request: ScoreRequest): Promise<{ logpT: Float32Array; entropyT: Float32Array }>;
  status(): Promise<EngineStatus>;
}

/** What an engine is doing, and what it has done since it was opened. */
export interface EngineStatus {
  readonly busySlots: number;
  /** KV cells, one a token: all of them, and those that hold a prompt or a sample. */
  readonly cells: number;
  readonly usedCells: number;
  /** Samples that have no slot yet. */
  readonly waitingSamples: number;
  readonly sampledTokens: number;
  /** Tokens of prompts and prefixes evaluated. */
  readonly prefillTokens: number;
  readonly policy: Policy;
}
