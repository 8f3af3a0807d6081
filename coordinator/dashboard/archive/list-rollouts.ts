import { join } from "node:path";
import type { Facets, ReasonCount, RolloutPage, RolloutRow } from "../../../dashboard/index.ts";
import { quoted } from "../../archive/parquet.ts";
import type { IndexTables } from "./index-tables.ts";
import { conditionOf, orderOf, type RolloutFilter } from "./rollout-filter.ts";

/** A page without what only the one who asked can know. */
export type KnownPage = Omit<RolloutPage, "notYet">;

/** Time after which a search says what it has found so far, in milliseconds. */
const SEARCH_MS = 800;
/** Files that are searched at once. */
const FILES_AT_ONCE = 4;

const COLUMNS = `e.sequence, e.lane, e.task, e.sample, e.instance, s.step, coalesce(s.outcome, 'waiting') AS outcome,
  e.reward, e.exact, e.error_class, e.finish, e.worker, e.version, e.temperature, e.tokens, e.prompt_tokens, e.decode_ms`;
const JOINED = "entries e LEFT JOIN ends s ON s.sequence = e.sequence";

/** The rollouts that fit, in their order, and how many there are. */
export async function listRollouts(tables: IndexTables, filter: RolloutFilter): Promise<KnownPage> {
  if (filter.text !== undefined) return searchTexts(tables, filter, filter.text.toLowerCase());
  const { sql, values } = conditionOf(filter);
  const rows = await query(
    tables,
    `SELECT ${COLUMNS} FROM ${JOINED} WHERE ${sql} ORDER BY ${orderOf(filter)} LIMIT ${filter.limit} OFFSET ${filter.from}`,
    values,
  );
  const total = await query(tables, `SELECT count(*)::INTEGER AS n FROM ${JOINED} WHERE ${sql}`, values);
  return { rows: rows.map(rowOf), total: countOf(total), of: await countAll(tables), searched: null };
}

/** The rollouts of a task by sample. */
export async function listGroup(tables: IndexTables, task: string): Promise<RolloutRow[]> {
  const sql = `SELECT ${COLUMNS} FROM ${JOINED} WHERE e.task = ? ORDER BY e.sample, e.sequence`;
  return (await query(tables, sql, [task])).map(rowOf);
}

/** The values that there are to filter by. */
export async function listFacets(tables: IndexTables): Promise<Facets> {
  const distinct = async (column: string) =>
    (await query(tables, `SELECT DISTINCT ${column} AS value FROM ${JOINED} ORDER BY value LIMIT 200`, []))
      .map(({ value }) => String(value))
      .filter((value) => value !== "");
  const [versions] = await query(
    tables,
    "SELECT min(version) AS least, max(version) AS most FROM entries",
    [],
  );
  return {
    workers: await distinct("e.worker"),
    errorClasses: await distinct("e.error_class"),
    finishes: await distinct("e.finish"),
    outcomes: await distinct("coalesce(s.outcome, 'waiting')"),
    versions: { least: Number(versions?.["least"] ?? 0), most: Number(versions?.["most"] ?? 0) },
  };
}

/** Samples that were not trained on, by why; the most frequent reason first. */
export async function listReasons(tables: IndexTables): Promise<ReasonCount[]> {
  const rows = await query(
    tables,
    `SELECT lane, outcome, reason, count(*)::INTEGER AS n FROM ends WHERE outcome NOT IN ('trained', 'evaluated')
      GROUP BY lane, outcome, reason ORDER BY n DESC, lane, outcome, reason LIMIT 200`,
    [],
  );
  return rows.map((row) => ({
    lane: String(row["lane"]),
    outcome: String(row["outcome"]),
    reason: String(row["reason"]),
    samples: Number(row["n"]),
  }));
}

/** Looks through texts, the newest first, file by file, until a page is full or the time is over. */
async function searchTexts(tables: IndexTables, filter: RolloutFilter, text: string): Promise<KnownPage> {
  const { sql, values } = conditionOf(filter);
  const { files, folder } = tables;
  const start = filter.before ?? files.length;
  const endsAt = performance.now() + SEARCH_MS;
  const found: RolloutRow[] = [];
  const look = async (source: string, room: number) => {
    const matching = `SELECT sequence::DOUBLE AS sequence FROM ${source} WHERE contains(lower(text), ?) OR contains(lower(issue), ?) OR contains(lower(instance), ?)`;
    const rows = await query(
      tables,
      `SELECT ${COLUMNS} FROM ${JOINED} JOIN (${matching}) m ON m.sequence = e.sequence WHERE ${sql} ORDER BY e.sequence DESC LIMIT ${room}`,
      [text, text, text, ...values],
    );
    found.push(...rows.map(rowOf));
  };
  if (filter.before === undefined) await look("fresh", filter.limit);
  let at = start;
  while (at > 0 && found.length < filter.limit && (performance.now() < endsAt || at === start)) {
    const some = files.slice(Math.max(0, at - FILES_AT_ONCE), at);
    const list = some.map((name) => quoted(join(folder, "rollouts", name))).join(", ");
    // A whole page of one look, so that nothing of a file that was looked at is left out.
    await look(`read_parquet([${list}])`, 4 * filter.limit);
    at -= some.length;
  }
  const left = files.slice(0, at);
  const behind =
    left.length === 0
      ? 0
      : countOf(
          await query(
            tables,
            `SELECT count(*)::INTEGER AS n FROM entries WHERE file IN (${left.map(quoted).join(", ")})`,
            [],
          ),
        );
  const of = await countAll(tables);
  const searched = { rollouts: of - behind, next: at > 0 ? at : null };
  return { rows: found, total: null, of, searched };
}

async function countAll(tables: IndexTables): Promise<number> {
  return countOf(await query(tables, "SELECT count(*)::INTEGER AS n FROM entries", []));
}

function countOf(rows: readonly Record<string, unknown>[]): number {
  return Number(rows[0]?.["n"] ?? 0);
}

/** Rows as JSON has them. */
export async function query(
  { connection }: IndexTables,
  sql: string,
  values: readonly (string | number)[],
): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql, [...values])).getRowObjectsJson();
}

/** A row of the columns above. */
export function rowOf(row: Record<string, unknown>): RolloutRow {
  return {
    sequence: Number(row["sequence"]),
    lane: String(row["lane"]),
    task: String(row["task"]),
    sample: Number(row["sample"]),
    instance: String(row["instance"]),
    step: row["step"] === null ? null : Number(row["step"]),
    outcome: String(row["outcome"]),
    reward: Number(row["reward"]),
    exact: row["exact"] === true,
    errorClass: String(row["error_class"]),
    finish: String(row["finish"]),
    worker: String(row["worker"]),
    version: Number(row["version"]),
    temperature: Number(row["temperature"]),
    tokens: Number(row["tokens"]),
    promptTokens: Number(row["prompt_tokens"]),
    decodeMs: Number(row["decode_ms"]),
  };
}
