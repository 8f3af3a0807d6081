/**
 * The only folder that knows NATS and gRPC: what the parts say to each other, and how it gets there.
 *
 * @module
 */

export { float32Array, float32Bytes, int32Array, int32Bytes } from "./codec/arrays.ts";
export {
  decodeCollectMessage,
  decodeReference,
  decodeRollout,
  decodeTask,
  encodeCollectMessage,
  encodeReference,
  encodeRollout,
  encodeTask,
  MalformedMessageError,
} from "./codec/messages.ts";
export { CoordinatorUnreachableError, RemoteError, RewarderAwayError } from "./grpc/errors.ts";
export { type FleetClient, openFleetClient } from "./grpc/fleet-client.ts";
export type { CollectAnswers, FleetHandlers } from "./grpc/handlers.ts";
export { assertPortFree } from "./grpc/listening.ts";
export { openRewarder } from "./grpc/rewarder.ts";
export { serveExternalScaler } from "./grpc/serve-external-scaler.ts";
export { type FleetServer, serveFleet } from "./grpc/serve-fleet.ts";
export { type AdapterStore, type AdapterUpload, openAdapterStore } from "./nats/adapter-store.ts";
export {
  LinkLostError,
  NotPermittedError,
  StorageFullError,
  StreamMissingError,
  WrongLastSequenceError,
} from "./nats/errors.ts";
export {
  createLedgerLog,
  type InspectedLedgerLog,
  LedgerCutError,
  type LedgerLog,
} from "./nats/ledger-log.ts";
export { type NatsLink, type NatsLinkOptions, NatsUnusableError, openNats } from "./nats/link.ts";
export { BASE_VARIANT, type TaskAddress, taskAddress } from "./nats/names.ts";
export {
  type DigestStore,
  openInstanceStore,
} from "./nats/object-store.ts";
export { openPolicyPointer, type PointedPolicy, type PolicyPointer } from "./nats/policy-pointer.ts";
export { createPresence, type Presence, type WorkerPresence } from "./nats/presence.ts";
export {
  createRolloutStore,
  type InspectedRolloutStore,
  RolloutMissingError,
  type RolloutStore,
} from "./nats/rollout-store.ts";
export {
  createRunStreams,
  type RunStreamOptions,
  repairRunStreams,
  StreamConfigError,
} from "./nats/run-streams.ts";
export { createSnapshotStore, type SnapshotStore } from "./nats/snapshot-store.ts";
export { assertSynchronous, readStorage } from "./nats/storage-report.ts";
export { createTaskPublisher, type TaskPublisher } from "./nats/task-publisher.ts";
export { openTaskQueue } from "./nats/task-queue.ts";
export { serverConfig } from "./nats-server/config-file.ts";
export {
  findNatsServer,
  NatsServerMissingError,
} from "./nats-server/find-server.ts";
export { leafConfig } from "./nats-server/leaf-config.ts";
export { type NatsServer, startNatsServer } from "./nats-server/start-server.ts";
export { createRunSecrets, type NatsRole, type NatsUser, type RunSecrets } from "./nats-server/users.ts";
export { checkAuthority, checkIdentity } from "./tls/check-files.ts";
export { makeCertificates } from "./tls/make-certificates.ts";
export { type ClientTls, type ClientTlsFiles, readClientTls, type ServerTls } from "./tls/tls.ts";
