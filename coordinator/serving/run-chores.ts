/**
 * What a coordinator does again and again beside answering calls.
 *
 * @module
 */
import type { WorkerPresence } from "../../transport/index.ts";
import type { Archiver } from "../archive/archiver.ts";
import type { Dispatcher } from "../issuing/dispatcher.ts";
import { endLease } from "../leasing/decide-lease.ts";
import type { SummaryWriter } from "../summary/summary-writer.ts";
import type { Chores } from "./chores.ts";
import type { Core } from "./core.ts";
import type { StorageGuard } from "./guard-storage.ts";
import type { RoomMaker } from "./make-room.ts";
import type { RunStores } from "./open-stores.ts";

const SWEEP_MS = 250;
const REPAIR_MS = 30_000;
const LOOK_MS = 1_000;
const GUARD_MS = 5_000;
const UPLOADS_MS = 300_000;
/** An upload that has not gone on for this long is over, also one of a coordinator before: its caller has given up. */
const UPLOAD_OVER_MS = 900_000;

/** What the chores of a run that is not over work on. */
export interface RunChores {
  readonly stores: Pick<RunStores, "trouble" | "policies">;
  readonly core: Core;
  readonly dispatcher: Dispatcher;
  readonly archiver: Archiver;
  readonly keepWithin: () => Promise<void>;
  readonly summary: SummaryWriter;
  readonly guard: StorageGuard;
  readonly room: RoomMaker;
}

/** Begins what a run needs until it is over; from then on the archive is written by who concludes it. */
export function beginChores(chores: Chores, parts: RunChores): void {
  const { stores, core, dispatcher, archiver, keepWithin, summary, guard, room } = parts;
  chores.every(GUARD_MS, "look after what is stored", guard.look);
  chores.every(SWEEP_MS, "sweep leases", () => sweepLeases(core));
  chores.every(REPAIR_MS, "repair the queue", async () => {
    await dispatcher.repair(core.state);
    await core.advance();
  });
  chores.every(LOOK_MS, "archive", () =>
    stores.trouble.refusedBytes === null ? archiver.archiveDue() : room.make(),
  );
  chores.every(UPLOADS_MS, "sweep uploads that were cut short", () =>
    stores.policies.adapters.sweep(UPLOAD_OVER_MS),
  );
  chores.every(GUARD_MS, "keep the archive within storage.archiveMiB", keepWithin);
  chores.every(LOOK_MS, "write the summary", summary.writeDue);
}

/** Begins to look who is there, after the run's end too: workers come and go then as well, and who asks is told so. */
export function beginLooks(
  chores: Chores,
  presence: RunStores["presence"],
  see: (workers: readonly WorkerPresence[]) => void,
): void {
  chores.every(LOOK_MS, "look who is there", async () => see(await presence.list()));
}

/** Ends the leases whose workers were silent for too long. */
async function sweepLeases({ state, terms, decide }: Core): Promise<void> {
  for (const lease of terms.expired()) {
    terms.forget(lease);
    const worker = state.leases.get(lease)?.worker;
    const decisions = endLease(state, lease, `worker ${worker} was silent`, "silence");
    if (decisions.length > 0) await decide(...decisions);
  }
}
