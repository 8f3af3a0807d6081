import type { Logger } from "../../telemetry/index.ts";
import {
  assertSynchronous,
  BASE_VARIANT,
  type ClientTls,
  createLedgerLog,
  createPresence,
  createRolloutStore,
  createRunStreams,
  createSnapshotStore,
  createTaskPublisher,
  type DigestStore,
  type InspectedLedgerLog,
  type InspectedRolloutStore,
  type NatsUser,
  openAdapterStore,
  openInstanceStore,
  openNats,
  openPolicyPointer,
  type Presence,
  repairRunStreams,
  type SnapshotStore,
  type TaskPublisher,
} from "../../transport/index.ts";
import type { PolicyStores } from "../batching/publish-policy.ts";
import type { StorageConfig } from "../config.ts";
import { LANES } from "../ledger/balance.ts";
import { createStorageTrouble, type StorageTrouble, tellingTrouble } from "./storage-trouble.ts";

/** A run's side of nats-server, as its coordinator uses it. */
export interface RunStores extends AsyncDisposable {
  readonly log: InspectedLedgerLog;
  readonly snapshots: SnapshotStore;
  readonly rollouts: InspectedRolloutStore;
  readonly tasks: TaskPublisher;
  readonly references: DigestStore;
  readonly policies: PolicyStores;
  readonly presence: Presence;
  readonly trouble: StorageTrouble;
  /** Makes again the streams that were deleted and can be made again; returns their names. */
  repair(): Promise<string[]>;
}

/** A worker that is silent for this long is not shown any more. */
const PRESENCE_TTL_MS = 10_000;

/** Connects, makes what is missing of the run's streams, and checks the rest. */
export async function openStores(options: {
  readonly run: string;
  readonly url: string;
  readonly tls: ClientTls | null;
  readonly user: NatsUser;
  readonly ackWaitMs: number;
  readonly storage: StorageConfig;
  readonly logger: Logger;
}): Promise<RunStores> {
  const { run, url, tls, user, ackWaitMs, storage, logger } = options;
  await using opening = new AsyncDisposableStack();
  const link = opening.use(await openNats({ url, tls, ...user, name: "coordinator" }));
  const unchecked = await assertSynchronous(link);
  if (unchecked !== null) logger.warn(unchecked);
  const streams = {
    lanes: LANES,
    variants: [BASE_VARIANT],
    ackWaitMs,
    presenceTtlMs: PRESENCE_TTL_MS,
    replicas: storage.replicas,
    rolloutsMiB: storage.rolloutsMiB,
  };
  await createRunStreams(link, run, streams);
  const [references, adapters, pointer] = await Promise.all([
    openInstanceStore(link, run),
    openAdapterStore(link, run),
    openPolicyPointer(link, run),
  ]);
  const trouble = createStorageTrouble(logger);
  const open = opening.move();
  return {
    log: createLedgerLog(link, run),
    snapshots: createSnapshotStore(link, run),
    rollouts: tellingTrouble(createRolloutStore(link, run), trouble),
    trouble,
    repair: () => repairRunStreams(link, run, streams),
    tasks: createTaskPublisher(link, run),
    references,
    policies: { adapters, pointer },
    presence: createPresence(link, run),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
