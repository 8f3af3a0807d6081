import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { withDeadline } from "../../core/index.ts";
import type { Outcome } from "../ledger/records.ts";
import type { ArchivedRollout } from "./columns.ts";

/** The archive's tables, by what a row is made of. */
interface Tables {
  readonly rollouts: ArchivedRollout;
  readonly outcomes: Outcome;
}

/** A table of the archive. */
export type ArchiveTable = keyof Tables;

/** What a row of a table is made of. */
export type ArchiveRow<Table extends ArchiveTable = ArchiveTable> = Tables[Table];

/** Which file a thread writes; lists of rows follow as messages, and null. */
export interface FileOrder {
  readonly path: string;
  readonly table: ArchiveTable;
}

/** What the thread says when its file is durable. */
export interface FileWritten {
  /** Of the file, in hex. */
  readonly sha256: string;
}

/** Rows of one message; calls are answered between two. */
const ROWS_AT_ONCE = 16;
const WRITE_DEADLINE_MS = 300_000;

/**
 * Writes rows as one Parquet file of a table, durable or not there at all, on a thread of its own.
 *
 * @returns SHA-256 of the file, in hex
 */
export async function writeInThread<Table extends ArchiveTable>(
  path: string,
  table: Table,
  rows: readonly ArchiveRow<Table>[],
): Promise<string> {
  const workerData: FileOrder = { path, table };
  const thread = new Worker(new URL("./parquet-thread.ts", import.meta.url), { workerData });
  try {
    const written = once(thread, "message") as Promise<[FileWritten]>; // Rejects with what the thread throws.
    written.catch(() => {}); // Looked at below.
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      thread.postMessage(rows.slice(from, from + ROWS_AT_ONCE));
      await nextTurn();
    }
    thread.postMessage(null);
    const [{ sha256 }] = await withDeadline(`${path} to be written`, WRITE_DEADLINE_MS, written);
    return sha256;
  } finally {
    await thread.terminate();
  }
}
