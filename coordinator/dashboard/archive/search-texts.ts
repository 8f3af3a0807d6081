import { join } from "node:path";
import type { RolloutRow } from "../../../dashboard/index.ts";
import { quoted } from "../../archive/parquet.ts";
import type { IndexTables } from "./index-tables.ts";
import { COLUMNS, countAll, countOf, JOINED, type KnownPage, query, rowOf } from "./list-rollouts.ts";
import { conditionOf, type RolloutFilter } from "./rollout-filter.ts";

/** Time after which a search says what it has found so far, in milliseconds. */
const SEARCH_MS = 800;
/** Files that are searched at once: few at first, so that what is frequent is there soon. */
const FEWEST_FILES = 4;
const MOST_FILES = 32;

/**
 * Looks for a text in replies, issues and instances, upper and lower case alike, the newest rollouts first, until a page
 * is full or the time is over; `before` of the filter is where it looks on.
 */
export async function searchTexts(
  tables: IndexTables,
  filter: RolloutFilter,
  text: string,
): Promise<KnownPage> {
  const { folder, files } = tables;
  const endsAt = performance.now() + SEARCH_MS;
  const found: RolloutRow[] = [];
  /** Everything from here on was looked at. */
  let reached = filter.before ?? Number.MAX_SAFE_INTEGER;
  let isFull = false;

  /** Looks at the rollouts of a source below what was reached; `oldest` is the least number in it. */
  async function look(source: string, oldest: number): Promise<void> {
    const room = filter.limit - found.length;
    const rows = await hitsIn(tables, source, { filter, text, below: reached, atMost: room + 1 });
    found.push(...rows.slice(0, room));
    isFull = rows.length > room;
    reached = isFull ? (found.at(-1)?.sequence ?? reached) : Math.min(reached, oldest);
  }

  await look("fresh", Number.MAX_SAFE_INTEGER);
  const left = files.filter((name) => firstOf(name) < reached);
  let atOnce = FEWEST_FILES;
  let isFirst = true;
  while (left.length > 0 && !isFull && (isFirst || performance.now() < endsAt)) {
    const some = left.splice(-atOnce);
    const list = some.map((name) => quoted(join(folder, "rollouts", name))).join(", ");
    await look(`read_parquet([${list}])`, firstOf(some[0] ?? ""));
    atOnce = Math.min(MOST_FILES, 2 * atOnce);
    isFirst = false;
  }
  const next = isFull || left.length > 0 ? reached : null;
  const behind = next === null ? 0 : await countBelow(tables, next);
  const of = await countAll(tables);
  return { rows: found, total: null, of, searched: { rollouts: of - behind, next } };
}

interface Look {
  readonly filter: RolloutFilter;
  readonly text: string;
  readonly below: number;
  readonly atMost: number;
}

async function hitsIn(
  tables: IndexTables,
  source: string,
  { filter, text, below, atMost }: Look,
): Promise<RolloutRow[]> {
  const { sql, values } = conditionOf(filter);
  const hit = (column: string) => `regexp_matches(${column}, ?, 'i')`;
  const matching = `SELECT sequence::DOUBLE AS sequence FROM ${source}
    WHERE sequence < ${below} AND (${hit("text")} OR ${hit("issue")} OR ${hit("instance")})`;
  const pattern = text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
  const rows = await query(
    tables,
    `SELECT ${COLUMNS} FROM ${JOINED} JOIN (${matching}) m ON m.sequence = e.sequence
      WHERE ${sql} ORDER BY e.sequence DESC LIMIT ${atMost}`,
    [pattern, pattern, pattern, ...values],
  );
  return rows.map(rowOf);
}

/** The least number that a file of the archive may hold, as its name says. */
function firstOf(name: string): number {
  return Number.parseInt(name, 10);
}

async function countBelow(tables: IndexTables, sequence: number): Promise<number> {
  const sql = "SELECT count(*)::INTEGER AS n FROM entries WHERE sequence < ?";
  return countOf(await query(tables, sql, [sequence]));
}
