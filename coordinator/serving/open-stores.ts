import type { Logger } from "../../telemetry/index.ts";
import {
  assertSynchronous,
  createLedgerLog,
  createPresence,
  createRolloutStore,
  createRunStreams,
  createTaskPublisher,
  type DigestStore,
  type LedgerLog,
  type NatsUser,
  openAdapterStore,
  openInstanceStore,
  openNats,
  openPolicyPointer,
  type Presence,
  type RolloutStore,
  type TaskPublisher,
} from "../../transport/index.ts";
import type { PolicyStores } from "../batching/publish-policy.ts";
import { LANES } from "../ledger/balance.ts";
import { createStorageTrouble, type StorageTrouble, tellingTrouble } from "./storage-trouble.ts";

/** A run's side of nats-server, as its coordinator uses it. */
export interface RunStores extends AsyncDisposable {
  readonly log: LedgerLog;
  readonly rollouts: RolloutStore;
  readonly tasks: TaskPublisher;
  readonly references: DigestStore;
  readonly policies: PolicyStores;
  readonly presence: Presence;
  readonly trouble: StorageTrouble;
}

const VARIANTS = ["base"];
/** A worker that is silent for this long is not shown any more. */
const PRESENCE_TTL_MS = 10_000;

/** Connects, makes what is missing of the run's streams, and checks the rest. */
export async function openStores(options: {
  readonly run: string;
  readonly url: string;
  readonly user: NatsUser;
  readonly ackWaitMs: number;
  readonly logger: Logger;
}): Promise<RunStores> {
  const { run, url, user, ackWaitMs, logger } = options;
  await using opening = new AsyncDisposableStack();
  const link = opening.use(await openNats({ url, ...user, name: "coordinator" }));
  const unchecked = await assertSynchronous(link);
  if (unchecked !== null) logger.warn(unchecked);
  await createRunStreams(link, run, {
    lanes: LANES,
    variants: VARIANTS,
    ackWaitMs,
    presenceTtlMs: PRESENCE_TTL_MS,
  });
  const [references, adapters, pointer] = await Promise.all([
    openInstanceStore(link, run),
    openAdapterStore(link, run),
    openPolicyPointer(link, run),
  ]);
  const trouble = createStorageTrouble(logger);
  const open = opening.move();
  return {
    log: createLedgerLog(link, run),
    rollouts: tellingTrouble(createRolloutStore(link, run), trouble),
    trouble,
    tasks: createTaskPublisher(link, run),
    references,
    policies: { adapters, pointer },
    presence: createPresence(link, run),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
