/**
 * Token ids and log-probabilities as `bytes` fields: int32 and float32, little-endian. Every machine that Node 24 and
 * llama.cpp's libraries run on is little-endian, so the bytes are those of the typed array itself.
 *
 * @module
 */
import { MalformedMessageError } from "./messages.ts";

const ELEMENT_BYTES = 4;

/** The bytes of token ids: a view, so the array must not change before they are sent. */
export function int32Bytes(values: Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The bytes of log-probabilities or entropies: a view, so the array must not change before they are sent. */
export function float32Bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Token ids from bytes: a view of them where their address is a multiple of four, else a copy.
 *
 * @throws {MalformedMessageError} when the length is not a multiple of four
 */
export function int32Array(bytes: Uint8Array): Int32Array {
  const aligned = align(bytes);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / ELEMENT_BYTES);
}

/**
 * Log-probabilities or entropies from bytes: a view of them where their address is a multiple of four, else a copy.
 *
 * @throws {MalformedMessageError} when the length is not a multiple of four
 */
export function float32Array(bytes: Uint8Array): Float32Array {
  const aligned = align(bytes);
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / ELEMENT_BYTES);
}

function align(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength % ELEMENT_BYTES !== 0) {
    throw new MalformedMessageError(`an array of 4-byte numbers has ${bytes.byteLength} bytes`);
  }
  return bytes.byteOffset % ELEMENT_BYTES === 0 ? bytes : Uint8Array.from(bytes);
}
