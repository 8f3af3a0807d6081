import type { GgmlDevice } from "../native/libraries.ts";

/** How much a graph holds at a time. Smaller limits cost time and change no result beyond rounding. */
export interface MemoryLimits {
  /** Bytes that forward may keep for backward; above, it keeps the layers' inputs and backward computes the rest again. */
  readonly keptBytes: number;
  /** Logits of a chunk of predicted tokens. */
  readonly chunkLogits: number;
  /** Numbers of the head's matrix that are dequantized at a time. */
  readonly dequantizedNumbers: number;
  /** Query–key pairs of a tile of attention, for one head; a few queries with more keys are one tile all the same. */
  readonly tileProbabilities: number;
}

/** The part of the device's memory, one in so many, that one micro-batch's kept values may take. */
const KEPT_SHARE = 4;

/** The part of the device's memory that the logits of a chunk may take: each chunk reads the head's matrix again. */
const LOGITS_SHARE = 64;
const FLOAT_BYTES = 4;

/** A device's memory, in bytes: of a CPU what this process may have of it, which a container limits. */
export function memoryOf({ kind, totalBytes }: Pick<GgmlDevice, "kind" | "totalBytes">): number {
  const allowed = process.constrainedMemory();
  return kind === "cpu" && allowed > 0 ? Math.min(totalBytes, allowed) : totalBytes;
}

/** Limits that suit a device: 128 MiB of the head's matrix, 4 MiB of probabilities for each head. */
export function limitsFor(deviceBytes: number): MemoryLimits {
  return {
    keptBytes: deviceBytes / KEPT_SHARE,
    chunkLogits: deviceBytes / LOGITS_SHARE / FLOAT_BYTES,
    dequantizedNumbers: 1 << 25,
    tileProbabilities: 1 << 20,
  };
}
