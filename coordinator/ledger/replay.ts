import { FleetError } from "../../core/index.ts";
import type { LedgerLog, SnapshotStore } from "../../transport/index.ts";
import { applyEvent } from "./fold.ts";
import { readEvents } from "./read-events.ts";
import { decodeSnapshot, digestOfMessage, UnusableSnapshotError } from "./snapshot.ts";
import { emptyState, type LedgerState } from "./state.ts";

/** A ledger that was read to its end. */
export interface Replayed {
  readonly state: LedgerState;
  /** Sequence of the last message; 0 when there is none. */
  readonly last: number;
  /** The last message itself; empty when there is none. */
  readonly message: Uint8Array;
  /** Sequence of the snapshot that the fold went on from; 0 where every message was folded. */
  readonly from: number;
  /** Why a snapshot that is there was not used; null where it was, or where there is none. */
  readonly unused: string | null;
}

/** Folds a ledger: from its snapshot on where that is exactly right, else from its first message. */
export async function replayLedger(
  log: Pick<LedgerLog, "read">,
  snapshots: Pick<SnapshotStore, "get"> | null,
): Promise<Replayed> {
  const known = snapshots === null ? null : await replayFromSnapshot(log, snapshots).catch(reasonOf);
  if (known !== null && typeof known !== "string") return known;
  const all = await foldOn(log, { state: emptyState(), sequence: 0 });
  return { ...all, from: 0, unused: known };
}

/** Null where there is no snapshot. @throws {FleetError} when it cannot be used */
async function replayFromSnapshot(
  log: Pick<LedgerLog, "read">,
  snapshots: Pick<SnapshotStore, "get">,
): Promise<Replayed | null> {
  const bytes = await snapshots.get();
  if (bytes === null) return null;
  const snapshot = decodeSnapshot(bytes);
  return { ...(await foldOn(log, snapshot)), from: snapshot.sequence, unused: null };
}

/** Whatever is wrong with a snapshot, the ledger itself tells what is right. */
function reasonOf(error: unknown): string {
  if (error instanceof FleetError) return error.message;
  throw error;
}

/**
 * Folds what comes after a place in the ledger.
 *
 * @throws {UnusableSnapshotError} when the message at that place is not there, or another one
 */
async function foldOn(
  log: Pick<LedgerLog, "read">,
  { state, sequence, message = "" }: { state: LedgerState; sequence: number; message?: string },
): Promise<Pick<Replayed, "state" | "last" | "message">> {
  let last = 0;
  let data: Uint8Array = new Uint8Array();
  let isKnown = sequence === 0;
  for await (const read of readEvents(log, Math.max(1, sequence))) {
    last = read.sequence;
    data = read.data;
    if (isKnown) for (const event of read.events) applyEvent(state, event);
    else if (last !== sequence || digestOfMessage(data) !== message) throw ofAnotherLedger(sequence);
    isKnown = true;
  }
  if (!isKnown) throw ofAnotherLedger(sequence);
  return { state, last, message: data };
}

function ofAnotherLedger(sequence: number): UnusableSnapshotError {
  return new UnusableSnapshotError(`the snapshot is of message ${sequence} of another ledger`);
}
