import type { Call } from "../child/index.ts";
import type { Device } from "../native/libraries.ts";
import type { MicroBatch } from "./micro-batch.ts";
import type { Matrix } from "./orthogonalize.ts";
import type { Parameter } from "./parameters.ts";
import type { ForwardResult } from "./plan.ts";
import type { Trainable } from "./trainable.ts";

/** What a gradient engine is opened with. */
export interface GradientOptions {
  /** Path of a dense Llama's GGUF. */
  readonly gguf: string;
  readonly device: Device;
  /** Threads of ggml, on a CPU. More than one only pay on an otherwise idle machine: they spin at barriers. */
  readonly threads: number;
  readonly trainable: Trainable;
  /** Micro-batches that may be computed at once, each by as many threads. 1 when left out, and on a GPU in any case. */
  readonly lanes?: number;
  /** Bytes that a micro-batch may keep from forward to backward; a quarter of the device's memory when left out. */
  readonly keptBytes?: number;
}

/** Where in the sum a micro-batch's gradient goes, and who computes it. */
export interface BackwardCall {
  readonly coefficientsT: Float32Array;
  readonly lane: number;
  readonly place: number | undefined;
}

/** Where log-probabilities come from: what is trained, the model alone, or a reference adapter's flat parameters. */
export type ForwardAdapter = "trained" | "off" | Float32Array;

/** The child process of the gradient engine. */
export interface GradientProtocol {
  readonly calls: {
    open: Call<GradientOptions, { device: string; lanes: number; parameters: readonly Parameter[] }>;
    readParameters: Call<null, Float32Array>;
    writeParameters: Call<Float32Array, null>;
    forward: Call<{ batch: MicroBatch; adapter: ForwardAdapter; lane: number }, ForwardResult>;
    backward: Call<BackwardCall, null>;
    takeGradients: Call<null, Float32Array>;
    orthogonalize: Call<readonly Matrix[], Float32Array[]>;
  };
  readonly events: Record<never, never>;
}
