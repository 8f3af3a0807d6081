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

/** Of each file of the archive, in the order of its rows. */
const ARCHIVED_TABLES = `
  CREATE TABLE archived_entries (sequence DOUBLE, lane VARCHAR, task VARCHAR, sample INTEGER, attempt INTEGER,
    instance VARCHAR, reward DOUBLE, exact BOOLEAN, error_class VARCHAR, finish VARCHAR, worker VARCHAR,
    temperature DOUBLE, version INTEGER, tokens INTEGER, prompt_tokens INTEGER, decode_ms DOUBLE, file VARCHAR);
  CREATE TABLE archived_ends (sequence DOUBLE, lane VARCHAR, outcome VARCHAR, reason VARCHAR, step INTEGER,
    file VARCHAR);`;

const FRESH_TABLE = `CREATE TABLE fresh (${ROLLOUT_COLUMNS.map(({ name, type }) => `${name} ${type.toString()}`).join(", ")});`;
const FRESH_ENDS_TABLE = `CREATE OR REPLACE TABLE fresh_ends (sequence DOUBLE, lane VARCHAR, outcome VARCHAR,
  reason VARCHAR, step INTEGER, file VARCHAR);`;

const OLDEST_VERSION = `coalesce(TRY_CAST(regexp_extract(spans_json, '"policyVersion":(\\d+)', 1) AS INTEGER), 0)`;

/** Files that one query takes over. */
const FILES_AT_ONCE = 16;
/** Rollouts of one chunk. */
const ROWS_AT_ONCE = 64;

/** Of `entries` by rollout, `ends` by what became of it; "" is the file of what is not archived. */
const VIEWS = `
  CREATE VIEW entries AS FROM archived_entries UNION ALL ${entriesOf("fresh", "''")};
  CREATE VIEW ends AS FROM archived_ends UNION ALL FROM fresh_ends;`;

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
  await connection.run(ARCHIVED_TABLES + FRESH_TABLE + FRESH_ENDS_TABLE + VIEWS);
  const files: string[] = [];
  const outcomeFiles: string[] = [];

  /** Files that the ledger does not know yet may be written once more. */
  async function takeOver(
    table: "rollouts" | "outcomes",
    known: string[],
    archivedThrough: number,
  ): Promise<void> {
    const into = table === "rollouts" ? "archived_entries" : "archived_ends";
    const found = (await readdir(join(folder, table)).catch(() => []))
      .filter((name) => name.endsWith(".parquet") && lastOf(name) <= archivedThrough)
      .sort();
    const gone = known.filter((name) => !found.includes(name));
    if (gone.length > 0) {
      await keepOnly(connection, into, `file NOT IN (${gone.map(quoted).join(", ")})`);
      known.splice(0, known.length, ...known.filter((name) => !gone.includes(name)));
    }
    const fresh = found.filter((name) => !known.includes(name));
    for (let from = 0; from < fresh.length; from += FILES_AT_ONCE) {
      const some = fresh.slice(from, from + FILES_AT_ONCE);
      const source = `read_parquet([${some.map((name) => quoted(join(folder, table, name))).join(", ")}], filename = true)`;
      const name = "parse_filename(filename)";
      await connection.run(
        table === "rollouts"
          ? `INSERT INTO ${into} ${entriesOf(source, name)}`
          : `INSERT INTO ${into} SELECT sequence::DOUBLE, lane, outcome, reason, step::INTEGER, ${name} FROM ${source}`,
      );
      known.push(...some);
    }
  }

  return {
    connection,
    folder,
    files,
    refresh: async (fresh) => {
      await takeOver("rollouts", files, fresh.archivedThrough);
      await takeOver("outcomes", outcomeFiles, fresh.archivedOutcomes);
      await takeFresh(connection, fresh);
    },
  };
}

async function takeFresh(
  connection: DuckDBConnection,
  { rollouts, ends, keptAfter }: FreshRollouts,
): Promise<void> {
  const untold = rollouts.map(({ sequence }) => sequence).join(", "); // One that is there already was told of in vain.
  const isLeft = `sequence <= ${keptAfter}${untold === "" ? "" : ` OR sequence IN (${untold})`}`;
  const [left] = (await connection.runAndReadAll(`SELECT count(*) FROM fresh WHERE ${isLeft}`)).getRows();
  if (left?.[0] !== 0n) await keepOnly(connection, "fresh", `NOT (${isLeft})`);
  if (rollouts.length > 0) await addRollouts(connection, rollouts);
  await connection.run(FRESH_ENDS_TABLE);
  if (ends.length > 0) await addEnds(connection, ends);
}

/** By a new table: deleted rows would keep their memory. */
async function keepOnly(connection: DuckDBConnection, table: string, condition: string): Promise<void> {
  await connection.run(`CREATE OR REPLACE TABLE ${table} AS FROM ${table} WHERE ${condition}`);
}

async function addRollouts(connection: DuckDBConnection, rollouts: readonly FreshRollout[]): Promise<void> {
  const appender = await connection.createAppender("fresh");
  for (let from = 0; from < rollouts.length; from += ROWS_AT_ONCE) {
    const rows = rollouts.slice(from, from + ROWS_AT_ONCE).map(archivedForm);
    appender.appendDataChunk(chunkOf(ROLLOUT_COLUMNS, rows));
  }
  appender.closeSync();
}

async function addEnds(connection: DuckDBConnection, ends: readonly FreshEnd[]): Promise<void> {
  const appender = await connection.createAppender("fresh_ends");
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

/** The last number that a file of the archive may hold, as its name says. */
function lastOf(name: string): number {
  return Number.parseInt(name.split("-")[1] ?? "", 10);
}
