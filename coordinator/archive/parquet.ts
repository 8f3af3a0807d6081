import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crashPoint, renameDurably } from "../../core/index.ts";
import type { Column } from "./chunk.ts";

/** The archive is written beside the run's own work: it must not take its cores or memory. */
const LIMITS = { threads: "1", memory_limit: "512MB" };

/** Handed over in one turn; calls are answered between two. */
const ROWS_AT_ONCE = 16;

/**
 * Writes rows as one Parquet file that is there whole or not at all: temporary file → fsync → rename → fsync of the
 * folder.
 *
 * @returns SHA-256 of the file, in hex
 */
export async function writeParquet<Row>(
  path: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<string> {
  const temporary = `${path}.tmp`;
  const { chunkOf } = await import("./chunk.ts");
  const instance = await openDuckDb();
  const connection = await instance.connect();
  try {
    await connection.run(
      `CREATE TABLE rows (${columns.map(({ name, type }) => `${name} ${type.toString()}`).join(", ")})`,
    );
    const appender = await connection.createAppender("rows");
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      appender.appendDataChunk(chunkOf(columns, rows.slice(from, from + ROWS_AT_ONCE)));
      await nextTurn();
    }
    appender.closeSync();
    await connection.run(`COPY rows TO ${quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  crashPoint("archive.after-write");
  await makeDurable(temporary);
  crashPoint("archive.after-fsync");
  const sha256 = await digestOfFile(temporary);
  await renameDurably(temporary, path);
  return sha256;
}

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

/** A string as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The library is loaded with the first file: no process waits for it at its start. */
async function openDuckDb() {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  return DuckDBInstance.create(":memory:", LIMITS);
}

async function makeDurable(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file, in hex. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
