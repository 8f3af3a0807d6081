import { z } from "zod";
import type { DataPage, InstanceRow } from "../../../dashboard/index.ts";
import type { IndexTables } from "./index-tables.ts";
import { query } from "./list-rollouts.ts";
import { MOST_ROWS } from "./rollout-filter.ts";

const SORTS = {
  instance: "instance",
  rollouts: "rollouts",
  meanReward: "mean_reward",
  bestReward: "best_reward",
  solved: "solved / rollouts",
} as const;

const KINDS = {
  all: "true",
  never: "solved = 0",
  sometimes: "solved > 0 AND solved < rollouts",
  always: "solved = rollouts",
} as const;

const Count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** `?…` of the list of instances. */
export const InstanceFilter = z.strictObject({
  lane: z.enum(["train", "eval"]).default("train"),
  kind: z.enum(Object.keys(KINDS) as [keyof typeof KINDS]).default("all"),
  instance: z.string().max(400).optional(),
  sort: z.enum(Object.keys(SORTS) as [keyof typeof SORTS]).default("rollouts"),
  order: z.enum(["asc", "desc"]).default("desc"),
  from: Count.default(0),
  limit: Count.max(MOST_ROWS).default(50),
});

/** A validated filter. */
export type InstanceFilter = z.output<typeof InstanceFilter>;

const SUMMED = `SELECT instance, count(*)::INTEGER AS rollouts, count(DISTINCT task)::INTEGER AS groups,
  avg(reward) AS mean_reward, max(reward) AS best_reward, count(*) FILTER (exact)::INTEGER AS solved
  FROM entries WHERE lane = ? GROUP BY instance`;

/** What was made of each instance of a lane; "solved" are the rollouts that are the true change. */
export async function listInstances(tables: IndexTables, filter: InstanceFilter): Promise<DataPage> {
  const { lane, instance = "" } = filter;
  const named = instance === "" ? "true" : "contains(lower(instance), ?)";
  const values = instance === "" ? [lane] : [lane, instance.toLowerCase()];
  const chosen = `FROM (${SUMMED}) WHERE ${KINDS[filter.kind]} AND ${named}`;
  const order = `${SORTS[filter.sort]} ${filter.order === "asc" ? "ASC" : "DESC"}, instance`;
  const rows = await query(
    tables,
    `SELECT * ${chosen} ORDER BY ${order} LIMIT ${filter.limit} OFFSET ${filter.from}`,
    values,
  );
  const [total] = await query(tables, `SELECT count(*)::INTEGER AS n ${chosen}`, values);
  const [counts] = await query(
    tables,
    `SELECT count(*) FILTER (${KINDS.never})::INTEGER AS never, count(*) FILTER (${KINDS.sometimes})::INTEGER AS sometimes,
      count(*) FILTER (${KINDS.always})::INTEGER AS always FROM (${SUMMED})`,
    [lane],
  );
  const curves = await rewardsOf(
    tables,
    lane,
    rows.map((row) => String(row["instance"])),
  );
  return {
    rows: rows.map((row) => instanceOf(row, lane, curves)),
    total: Number(total?.["n"] ?? 0),
    counts: {
      never: Number(counts?.["never"] ?? 0),
      sometimes: Number(counts?.["sometimes"] ?? 0),
      always: Number(counts?.["always"] ?? 0),
    },
  };
}

/** Mean reward of each task of these instances, oldest first. */
async function rewardsOf(
  tables: IndexTables,
  lane: string,
  instances: readonly string[],
): Promise<Map<string, number[]>> {
  const curves = new Map<string, number[]>(instances.map((instance) => [instance, []]));
  if (instances.length === 0) return curves;
  const marks = instances.map(() => "?").join(", ");
  const rows = await query(
    tables,
    `SELECT instance, task, avg(reward) AS reward FROM entries WHERE lane = ? AND instance IN (${marks})
      GROUP BY instance, task ORDER BY min(sequence)`,
    [lane, ...instances],
  );
  for (const row of rows) curves.get(String(row["instance"]))?.push(Number(row["reward"]));
  return curves;
}

function instanceOf(
  row: Record<string, unknown>,
  lane: string,
  curves: ReadonlyMap<string, number[]>,
): InstanceRow {
  const instance = String(row["instance"]);
  return {
    instance,
    lane,
    rollouts: Number(row["rollouts"]),
    groups: Number(row["groups"]),
    meanReward: Number(row["mean_reward"]),
    bestReward: Number(row["best_reward"]),
    solved: Number(row["solved"]),
    rewards: curves.get(instance) ?? [],
  };
}
