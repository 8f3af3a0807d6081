import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The archive is written beside the run's own work: it must not take its cores or memory. */
const LIMITS = { threads: "1", memory_limit: "512MB" };

/** Runs one query over Parquet files. */
export async function queryParquet(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await openDuckDb();
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A table of the archive in `folder` as SQL reads it, files of older versions included; null where it has no file. */
export async function sourceOf(folder: string, table: "rollouts" | "outcomes"): Promise<string | null> {
  const names = await readdir(join(folder, table)).catch(() => []);
  if (!names.some((name) => name.endsWith(".parquet"))) return null;
  return `read_parquet(${quoted(join(folder, table, "*.parquet"))}, union_by_name = true)`;
}

/** A string as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The library is loaded with the first file: no process waits for it at its start.
 *
 * @param settings - of DuckDB, beside those that keep it small
 */
export async function openDuckDb(settings: Readonly<Record<string, string>> = {}) {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  // It makes the folder when its memory does not suffice, and removes it; the present one may be read-only.
  const spill = join(tmpdir(), `fleet-duckdb-${randomUUID()}`);
  return DuckDBInstance.create(":memory:", { ...LIMITS, temp_directory: spill, ...settings });
}

/** SHA-256 of a file, in hex. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
