/**
 * What a list of rollouts is answered from: one narrow row a rollout, in memory, of the archive's files and of what is
 * not archived yet. Texts and tokens stay where they are.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { decodeRollout } from "../../../transport/index.ts";
import { chunkOf } from "../../archive/chunk.ts";
import { type ArchivedRollout, ROLLOUT_COLUMNS } from "../../archive/columns.ts";
import { quoted } from "../../archive/parquet.ts";
import type { FreshEnd, FreshRollout, FreshRollouts } from "../run-source.ts";

/** Of `entries` by rollout, `ends` by what became of it. */
const TABLES = `
  CREATE TABLE entries (sequence DOUBLE, lane VARCHAR, task VARCHAR, sample INTEGER, attempt INTEGER,
    instance VARCHAR, reward DOUBLE, exact BOOLEAN, error_class VARCHAR, finish VARCHAR, worker VARCHAR,
    temperature DOUBLE, version INTEGER, tokens INTEGER, prompt_tokens INTEGER, decode_ms DOUBLE, file VARCHAR);
  CREATE TABLE ends (sequence DOUBLE, lane VARCHAR, outcome VARCHAR, reason VARCHAR, step INTEGER, file VARCHAR);
  CREATE TABLE fresh (${ROLLOUT_COLUMNS.map(({ name, type }) => `${name} ${type.toString()}`).join(", ")});`;

const OLDEST_VERSION = `coalesce(TRY_CAST(regexp_extract(spans_json, '"policyVersion":(\\d+)', 1) AS INTEGER), 0)`;

/** Files that one query takes over. */
const FILES_AT_ONCE = 16;
/** Rollouts of one chunk. */
const ROWS_AT_ONCE = 64;

/** The tables, and how far they go. */
export interface IndexTables {
  readonly connection: DuckDBConnection;
  readonly folder: string;
  /** Names of the archive's files of rollouts in `entries`, oldest first. */
  readonly files: string[];
  /** Takes in what has come, and drops what has gone. */
  refresh(fresh: FreshRollouts): Promise<void>;
}

/** Creates the tables, empty, over the archive in `folder`. */
export async function createIndexTables(connection: DuckDBConnection, folder: string): Promise<IndexTables> {
  await connection.run(TABLES);
  const files: string[] = [];
  const outcomeFiles: string[] = [];

  async function takeOver(table: "rollouts" | "outcomes", known: string[]): Promise<void> {
    const into = table === "rollouts" ? "entries" : "ends";
    const found = (await readdir(join(folder, table)).catch(() => []))
      .filter((name) => name.endsWith(".parquet"))
      .sort();
    const gone = known.filter((name) => !found.includes(name));
    if (gone.length > 0) {
      await connection.run(`DELETE FROM ${into} WHERE file IN (${gone.map(quoted).join(", ")})`);
      known.splice(0, known.length, ...known.filter((name) => !gone.includes(name)));
    }
    const fresh = found.filter((name) => !known.includes(name));
    for (let from = 0; from < fresh.length; from += FILES_AT_ONCE) {
      const some = fresh.slice(from, from + FILES_AT_ONCE);
      const source = `read_parquet([${some.map((name) => quoted(join(folder, table, name))).join(", ")}], filename = true)`;
      const name = "parse_filename(filename)";
      await connection.run(
        table === "rollouts"
          ? `INSERT INTO entries ${entriesOf(source, name)}`
          : `INSERT INTO ends SELECT sequence::DOUBLE, lane, outcome, reason, step::INTEGER, ${name} FROM ${source}`,
      );
      known.push(...some);
    }
  }

  async function takeFresh({ rollouts, ends, archivedThrough }: FreshRollouts): Promise<void> {
    await connection.run(`DELETE FROM fresh WHERE sequence <= ${archivedThrough}`);
    await connection.run(`DELETE FROM entries WHERE file = '' AND sequence <= ${archivedThrough}`);
    await connection.run("DELETE FROM ends WHERE file = ''");
    if (rollouts.length > 0) await addRollouts(connection, rollouts);
    if (ends.length > 0) await addEnds(connection, ends);
    // A file is there a moment before the ledger says so.
    for (const table of ["entries", "ends"]) {
      await connection.run(
        `DELETE FROM ${table} WHERE file = '' AND sequence IN (SELECT sequence FROM ${table} WHERE file <> '')`,
      );
    }
  }

  return {
    connection,
    folder,
    files,
    refresh: async (fresh) => {
      await takeOver("rollouts", files);
      await takeOver("outcomes", outcomeFiles);
      await takeFresh(fresh);
    },
  };
}

/** Of a rollout that is there already nothing remains beside what is added. */
async function addRollouts(connection: DuckDBConnection, rollouts: readonly FreshRollout[]): Promise<void> {
  const untold = rollouts.map(({ sequence }) => sequence).join(", ");
  await connection.run(`DELETE FROM fresh WHERE sequence IN (${untold})`);
  await connection.run(`DELETE FROM entries WHERE file = '' AND sequence IN (${untold})`);
  const appender = await connection.createAppender("fresh");
  for (let from = 0; from < rollouts.length; from += ROWS_AT_ONCE) {
    const rows = rollouts.slice(from, from + ROWS_AT_ONCE).map(archivedForm);
    appender.appendDataChunk(chunkOf(ROLLOUT_COLUMNS, rows));
  }
  appender.closeSync();
  await connection.run(`INSERT INTO entries ${entriesOf("fresh", "''")} AND sequence IN (${untold})`);
}

async function addEnds(connection: DuckDBConnection, ends: readonly FreshEnd[]): Promise<void> {
  const appender = await connection.createAppender("ends");
  for (const { sequence, lane, outcome, reason, step } of ends) {
    if (sequence === null) appender.appendNull();
    else appender.appendDouble(sequence);
    appender.appendVarchar(lane);
    appender.appendVarchar(outcome);
    appender.appendVarchar(reason);
    if (step === null) appender.appendNull();
    else appender.appendInteger(step);
    appender.appendVarchar("");
    appender.endRow();
  }
  appender.closeSync();
}

function archivedForm({ sequence, data, issue }: FreshRollout): ArchivedRollout {
  return { sequence, sha256: "", rollout: decodeRollout(data), issue, extraJson: "" };
}

/** Rows of `entries`; a partial rollout is no rollout yet. */
function entriesOf(source: string, file: string): string {
  return `SELECT sequence::DOUBLE, lane, task, sample, attempt, instance, reward, exact, error_class, finish, worker,
    temperature, ${OLDEST_VERSION}, len(tokens)::INTEGER, len(prompt_tokens)::INTEGER, decode_ms, ${file}
    FROM ${source} WHERE finish <> 'FINISH_PARTIAL'`;
}
