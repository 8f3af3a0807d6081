import type { Facets, ReasonCount, RolloutPage, RolloutRow } from "../../../dashboard/index.ts";
import { rowFacts } from "../../archive/row-facts.ts";
import type { IndexTables } from "./index-tables.ts";
import { conditionOf, orderOf, type RolloutFilter } from "./rollout-filter.ts";

/** A page without what only the one who asked can know. */
export type KnownPage = Omit<RolloutPage, "notYet">;

/** Of a row, over `e` (entries) and `s` (ends). */
export const COLUMNS = `e.sequence, e.lane, e.task, e.sample, e.instance, s.step, coalesce(s.outcome, 'waiting') AS outcome,
  e.reward, e.exact, e.error_class, e.finish, e.worker, e.version, e.temperature, e.tokens, e.prompt_tokens, e.decode_ms`;
/** What they are of. */
export const JOINED = "entries e LEFT JOIN ends s ON s.sequence = e.sequence";

/** The rollouts that fit, in their order, and how many there are. */
export async function listRollouts(tables: IndexTables, filter: RolloutFilter): Promise<KnownPage> {
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

/** How many rollouts are known. */
export async function countAll(tables: IndexTables): Promise<number> {
  return countOf(await query(tables, "SELECT count(*)::INTEGER AS n FROM entries", []));
}

/** The number that a query with one row and the column `n` gave. */
export function countOf(rows: readonly Record<string, unknown>[]): number {
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
    ...rowFacts(row),
    version: Number(row["version"]),
    promptTokens: Number(row["prompt_tokens"]),
    decodeMs: Number(row["decode_ms"]),
  };
}
