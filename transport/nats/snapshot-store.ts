import { Objm, setSha256Backend } from "@nats-io/obj";
import { withDeadline } from "../../core/index.ts";
import type { NatsLink } from "./link.ts";
import { runNames } from "./names.ts";
import { readObject } from "./read-object.ts";

/** The SNAPSHOTS bucket of a run: the newest snapshot of its ledger, and no other. */
export interface SnapshotStore {
  /** Replaces the snapshot. Until the new one is whole the one before is read. */
  put(bytes: Uint8Array): Promise<void>;
  /**
   * Null where there is none.
   *
   * @throws {CorruptObjectError} when it is not whole
   */
  get(): Promise<Uint8Array | null>;
}

const NAME = "newest";
const CHUNK_BYTES = 512 * 1024;
const UPLOAD_DEADLINE_MS = 60_000;

setSha256Backend("native"); // Node's own, a tenth of the time of the library's.

/** The snapshots of a run whose streams exist. */
export function createSnapshotStore(link: NatsLink, run: string): SnapshotStore {
  const bucket = runNames(run).snapshots;
  return {
    put: async (bytes) => {
      const name = "a snapshot to be stored";
      const objects = await link.ask(name, () => new Objm(link.stream).open(bucket, false));
      const meta = { name: NAME, options: { max_chunk_size: CHUNK_BYTES } };
      await link.ask(name, () => withDeadline(name, UPLOAD_DEADLINE_MS, objects.putBlob(meta, bytes)));
    },
    get: () => readObject(link, bucket, NAME),
  };
}
