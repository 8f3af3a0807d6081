import type { Call } from "../child/index.ts";
import type { DecodeSettings } from "../decoding/settings.ts";
import type { Device } from "../native/libraries.ts";

/** What `llama_decode` alone is to do: sequences that share a prompt, for so many steps. */
export interface DecodeLoad {
  readonly gguf: string;
  readonly device: Device;
  readonly sequences: number;
  readonly threads: number;
  readonly prompt: Int32Array;
  readonly steps: number;
}

/** A combination of llama.cpp's settings, and how fast it was. */
export interface TriedSettings extends DecodeSettings {
  /** Weights in the order that a CPU's kernels like. */
  readonly repacked: boolean;
  readonly tokensPerSecond: number;
}

/** The process in which `llama_decode` is measured alone. */
export interface MeasuringProtocol {
  readonly calls: {
    /** Tries every combination; the fastest first. */
    open: Call<DecodeLoad, readonly TriedSettings[]>;
    /** Takes the load through the fastest; milliseconds of the steps alone. */
    run: Call<void, number>;
  };
  readonly events: Record<never, never>;
}
