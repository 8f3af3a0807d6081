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

/** What the thread is told: rows of the next file, then which file they are. */
export type WriterOrder =
  | { readonly rows: readonly ArchiveRow[] }
  | { readonly path: string; readonly table: ArchiveTable };

/** What the thread says when a file is durable. */
export interface FileWritten {
  /** Of the file, in hex. */
  readonly sha256: string;
}

/** Writes the archive's files, one after the other, on a thread of its own: DuckDB holds up no call of the coordinator. */
export interface ArchiveWriter extends AsyncDisposable {
  /**
   * Writes rows as one Parquet file of a table, durable or not there at all.
   *
   * @returns SHA-256 of the file, in hex
   */
  write<Table extends ArchiveTable>(
    path: string,
    table: Table,
    rows: readonly ArchiveRow<Table>[],
  ): Promise<string>;
}

/** Rows of one message; calls are answered between two. */
const ROWS_AT_ONCE = 16;
const WRITE_DEADLINE_MS = 300_000;

/** Creates a writer, whose thread starts with the first file and is started anew after one that failed. */
export function createArchiveWriter(): ArchiveWriter {
  let thread: Worker | null = null;

  async function end(): Promise<void> {
    const ending = thread;
    thread = null;
    await ending?.terminate();
  }

  return {
    write: async (path, table, rows) => {
      thread ??= new Worker(new URL("./writer-thread.ts", import.meta.url));
      const say = (order: WriterOrder) => thread?.postMessage(order);
      const written = once(thread, "message") as Promise<[FileWritten]>; // Rejects with what the thread throws.
      written.catch(() => {}); // Looked at below.
      try {
        for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
          say({ rows: rows.slice(from, from + ROWS_AT_ONCE) });
          await nextTurn();
        }
        say({ path, table });
        const [{ sha256 }] = await withDeadline(`${path} to be written`, WRITE_DEADLINE_MS, written);
        return sha256;
      } catch (error) {
        await end();
        throw error;
      }
    },
    [Symbol.asyncDispose]: end,
  };
}
