import { open } from "node:fs/promises";
import type { DuckDBInstance } from "@duckdb/node-api";
import { crashPoint, renameDurably } from "../../core/index.ts";
import { type Column, chunkOf } from "./chunk.ts";
import { digestOfFile, quoted } from "./parquet.ts";

/** Copied into one chunk. */
const ROWS_AT_ONCE = 16;

/**
 * Writes rows as one Parquet file that is there whole or not at all: temporary file → fsync → rename → fsync of the
 * folder.
 *
 * @returns SHA-256 of the file, in hex
 */
export async function writeParquet<Row>(
  duckDb: DuckDBInstance,
  path: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<string> {
  const temporary = `${path}.tmp`;
  const connection = await duckDb.connect();
  try {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE rows (${columns.map(({ name, type }) => `${name} ${type.toString()}`).join(", ")})`,
    );
    const appender = await connection.createAppender("rows");
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      appender.appendDataChunk(chunkOf(columns, rows.slice(from, from + ROWS_AT_ONCE)));
    }
    appender.closeSync();
    await connection.run(`COPY rows TO ${quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    connection.closeSync();
  }
  crashPoint("archive.after-write");
  await makeDurable(temporary);
  crashPoint("archive.after-fsync");
  const sha256 = await digestOfFile(temporary);
  await renameDurably(temporary, path);
  return sha256;
}

async function makeDurable(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
