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
export type { CallOptions } from "./grpc/calls.ts";
export { PROTOCOL } from "./grpc/channel.ts";
export type { CollectStream } from "./grpc/collect-stream.ts";
export { CallFailedError, CoordinatorUnreachableError, RemoteError } from "./grpc/errors.ts";
export { type FleetClient, openFleetClient } from "./grpc/fleet-client.ts";
export type { CallContext, CollectAnswers, FleetHandlers } from "./grpc/handlers.ts";
export { CannotListenError, type FleetServer, type ServeOptions, serveFleet } from "./grpc/serve-fleet.ts";
