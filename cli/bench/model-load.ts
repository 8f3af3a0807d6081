import type { Device } from "../../llama/index.ts";

/** A model, where it runs, and what a step asks of it. */
export interface ModelLoad {
  readonly gguf: string;
  readonly device: Device;
  /** Sequences that a worker decodes at once. */
  readonly slots: number;
  /** ggml's threads of a worker. */
  readonly threads: number;
  /** Micro-batches that an updater computes at once, on a CPU. */
  readonly lanes: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Completions of a prompt. */
  readonly group: number;
}
