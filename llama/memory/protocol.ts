import type { Call } from "../child/index.ts";
import type { EngineOptions } from "../decoding/engine.ts";
import type { MicroBatch } from "../gradients/micro-batch.ts";
import type { GradientOptions } from "../gradients/protocol.ts";

/** The sizes of a decoding engine. */
export type EngineSizes = Pick<
  EngineOptions,
  "gguf" | "device" | "slots" | "contextTokens" | "threads" | "exact" | "decoding"
>;

/** What a decoding engine takes, in bytes. On a GPU all but `process` are of its memory. */
export interface EngineMemory {
  /** Of the file. */
  readonly weights: number;
  /** Whether the weights are mapped, which processes of one machine share: on a CPU, unless they are repacked. */
  readonly isShared: boolean;
  /** KV cells for every slot's longest sequence. */
  readonly cells: number;
  /** Values of the largest batch over full cells, and its logits. */
  readonly computing: number;
  /** Node, llama.cpp's code and what else a process has. */
  readonly process: number;
}

/** The sizes of a gradient engine. */
export interface GradientSizes
  extends Pick<GradientOptions, "gguf" | "device" | "trainable" | "lanes" | "keptBytes"> {
  /** The largest that each lane computes. */
  readonly microBatch: MicroBatch;
  /** Whether a reference is computed too, as KL is measured against. */
  readonly withReference: boolean;
}

/** What a gradient engine takes, in bytes. On a GPU `weights` and `computing` are of its memory. */
export interface GradientMemory {
  /** Of the file, and what is trained beside it. */
  readonly weights: number;
  /** The largest micro-batch of every lane. */
  readonly computing: number;
  readonly process: number;
}

/** The child process that finds out what engines would take. */
export interface MemoryProtocol {
  readonly calls: {
    engine: Call<EngineSizes, EngineMemory>;
    gradient: Call<GradientSizes, GradientMemory>;
  };
  readonly events: Record<never, never>;
}
