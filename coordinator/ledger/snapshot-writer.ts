import type { Logger } from "../../telemetry/index.ts";
import type { SnapshotStore } from "../../transport/index.ts";
import { serializeState } from "./digest.ts";
import { digestOfMessage, encodeSnapshot } from "./snapshot.ts";
import type { LedgerState } from "./state.ts";

/** Ledger messages between two snapshots. */
const MESSAGES_A_SNAPSHOT = 20_000;

/** Keeps the snapshot of a ledger up to date. What goes wrong is logged: nothing depends on a snapshot. */
export interface SnapshotWriter {
  /**
   * Looks whether a snapshot is due. The state must be the fold up to the messages that are written next; it is read
   * now.
   *
   * @param last - sequence of the last message
   * @returns what to call with the newest of those messages once it is durable; null when none is due
   */
  take(state: LedgerState, last: number): ((sequence: number, data: Uint8Array) => void) | null;
  /** Writes one of the state as it is, if it differs from the last; resolves when that is stored. */
  save(state: LedgerState, sequence: number, data: Uint8Array): Promise<void>;
}

/** Creates the writer of a ledger whose snapshot goes to message `from`. */
export function createSnapshotWriter(
  store: Pick<SnapshotStore, "put">,
  from: number,
  { every = MESSAGES_A_SNAPSHOT, logger }: { readonly every?: number; readonly logger?: Logger },
): SnapshotWriter {
  let newest = from;
  let saving: Promise<void> = Promise.resolve();
  let isSaving = false;

  async function put(text: string, sequence: number, data: Uint8Array): Promise<void> {
    isSaving = true;
    try {
      await store.put(encodeSnapshot({ sequence, message: digestOfMessage(data) }, text));
      newest = sequence;
      logger?.debug("snapshot written", { sequence });
    } catch (error) {
      logger?.warn("snapshot not written", { sequence, error });
    } finally {
      isSaving = false;
    }
  }

  return {
    take: (state, last) => {
      if (isSaving || last - newest < every) return null;
      const text = serializeState(state);
      return (sequence, data) => {
        saving = put(text, sequence, data);
      };
    },
    save: async (state, sequence, data) => {
      const text = serializeState(state);
      await saving;
      if (sequence > newest) await put(text, sequence, data);
    },
  };
}
