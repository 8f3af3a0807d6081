import koffi from "koffi";

/** A row of logits where llama.cpp has it, [vocabulary]; a view, valid until the next decode. */
export function logitsAt(address: bigint, vocabulary: number): Float32Array {
  return new Float32Array(koffi.view(address, vocabulary * Float32Array.BYTES_PER_ELEMENT));
}
