/**
 * The thread that writes one file of the archive, and ends with it: DuckDB holds up no call of the
 * coordinator.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { OUTCOME_COLUMNS, ROLLOUT_COLUMNS } from "./columns.ts";
import type { ArchiveRow, FileOrder, FileWritten } from "./write-in-thread.ts";
import { writeParquet } from "./write-parquet.ts";

const { path, table } = workerData as FileOrder;
const rows: ArchiveRow[] = [];

parentPort?.on("message", async (some: readonly ArchiveRow[] | null) => {
  if (some !== null) return void rows.push(...some);
  parentPort?.postMessage({ sha256: await write() } satisfies FileWritten);
});

function write(): Promise<string> {
  return table === "rollouts"
    ? writeParquet(path, ROLLOUT_COLUMNS, rows as ArchiveRow<"rollouts">[])
    : writeParquet(path, OUTCOME_COLUMNS, rows as ArchiveRow<"outcomes">[]);
}
