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
}

/** Where log-probabilities come from: what is trained, the model alone, or a reference adapter's flat parameters. */
export type ForwardAdapter = "trained" | "off" | Float32Array;

/** The child process of the gradient engine. */
export interface GradientProtocol {
  readonly calls: {
    open: Call<GradientOptions, { device: string; parameters: readonly Parameter[] }>;
    readParameters: Call<null, Float32Array>;
    writeParameters: Call<Float32Array, null>;
    forward: Call<{ batch: MicroBatch; adapter: ForwardAdapter }, ForwardResult>;
    backward: Call<Float32Array, null>;
    takeGradients: Call<null, Float32Array>;
    orthogonalize: Call<readonly Matrix[], Float32Array[]>;
  };
  readonly events: Record<never, never>;
}
