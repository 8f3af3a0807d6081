/**
 * The thread that writes the archive's files, over one DuckDB that stays open: one for each file would leave its memory
 * in pieces.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import type { ArchiveRow, FileWritten, WriterOrder } from "./archive-writer.ts";
import { OUTCOME_COLUMNS, ROLLOUT_COLUMNS } from "./columns.ts";
import { openDuckDb } from "./parquet.ts";
import { writeParquet } from "./write-parquet.ts";

/** What is freed goes back to the system at once: kept, it came to 200 MB, a file every few seconds. */
const SMALL = { allocator_flush_threshold: "0MB", allocator_bulk_deallocation_flush_threshold: "0MB" };

const duckDb = openDuckDb(SMALL);
let rows: ArchiveRow[] = [];

parentPort?.on("message", async (order: WriterOrder) => {
  if ("rows" in order) return void rows.push(...order.rows);
  const { path, table } = order;
  const ofFile = rows;
  rows = [];
  const sha256 =
    table === "rollouts"
      ? await writeParquet(await duckDb, path, ROLLOUT_COLUMNS, ofFile as ArchiveRow<"rollouts">[])
      : await writeParquet(await duckDb, path, OUTCOME_COLUMNS, ofFile as ArchiveRow<"outcomes">[]);
  parentPort?.postMessage({ sha256 } satisfies FileWritten);
});
