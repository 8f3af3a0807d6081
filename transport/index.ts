/**
 * The only folder that knows NATS and gRPC: what the parts say to each other, and how it gets there.
 *
 * @module
 */

export { float32Array, float32Bytes, int32Array, int32Bytes } from "./codec/arrays.ts";
export {
  decodeReference,
  decodeRollout,
  decodeTask,
  encodeReference,
  encodeRollout,
  encodeTask,
  MalformedMessageError,
} from "./codec/messages.ts";
