import { z } from "zod";

/** Columns that a list can be in the order of, as the page calls them. */
const SORTS = {
  sequence: "e.sequence",
  reward: "e.reward",
  tokens: "e.tokens",
  step: "s.step",
  version: "e.version",
  instance: "e.instance",
  worker: "e.worker",
  decodeMs: "e.decode_ms",
} as const;

/** Most rows of an answer. */
export const MOST_ROWS = 100;

const Count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** `?…` of a list of rollouts. */
export const RolloutFilter = z.strictObject({
  lane: z.enum(["train", "eval"]).optional(),
  step: Count.optional(),
  version: Count.optional(),
  /** Part of an instance's id. */
  instance: z.string().max(400).optional(),
  /** A whole one. */
  of: z.string().max(400).optional(),
  task: z.string().max(200).optional(),
  worker: z.string().max(200).optional(),
  finish: z.string().max(40).optional(),
  outcome: z.string().max(40).optional(),
  /** A class, "none", or "any". */
  error: z.string().max(100).optional(),
  exact: z.enum(["yes", "no"]).optional(),
  least: z.coerce.number().optional(),
  most: z.coerce.number().optional(),
  /** Part of a completion's or an issue's text, upper and lower case alike. */
  text: z.string().min(1).max(400).optional(),
  sort: z.enum(Object.keys(SORTS) as [keyof typeof SORTS]).default("sequence"),
  order: z.enum(["asc", "desc"]).default("desc"),
  from: Count.default(0),
  limit: Count.max(MOST_ROWS).default(50),
  /** With `text`: where to look on, as the answer before said. */
  before: Count.optional(),
});

/** A validated filter. */
export type RolloutFilter = z.output<typeof RolloutFilter>;

/** A condition over `e` (entries) and `s` (ends) with the values of its placeholders. */
export interface Condition {
  readonly sql: string;
  readonly values: (string | number)[];
}

/** The condition that a filter's columns make; its text is not among them. */
export function conditionOf(filter: RolloutFilter): Condition {
  const parts: string[] = ["true"];
  const values: (string | number)[] = [];
  const add = (sql: string, value: string | number | undefined) => {
    if (value === undefined) return;
    parts.push(sql);
    values.push(value);
  };
  add("e.lane = ?", filter.lane);
  add("s.step = ?", filter.step);
  add("e.version = ?", filter.version);
  add("contains(lower(e.instance), ?)", filter.instance?.toLowerCase());
  add("e.instance = ?", filter.of);
  add("e.task = ?", filter.task);
  add("e.worker = ?", filter.worker);
  add("e.finish = ?", filter.finish);
  add("coalesce(s.outcome, 'waiting') = ?", filter.outcome);
  add("e.reward >= ?", filter.least);
  add("e.reward <= ?", filter.most);
  if (filter.exact !== undefined) parts.push(filter.exact === "yes" ? "e.exact" : "NOT e.exact");
  if (filter.error === "none") parts.push("e.error_class = ''");
  else if (filter.error === "any") parts.push("e.error_class <> ''");
  else add("e.error_class = ?", filter.error);
  return { sql: parts.join(" AND "), values };
}

/** What a list is in the order of; the newest first among equals. */
export function orderOf({ sort, order }: Pick<RolloutFilter, "sort" | "order">): string {
  const first = `${SORTS[sort]} ${order === "asc" ? "ASC" : "DESC"} NULLS LAST`;
  return sort === "sequence" ? first : `${first}, e.sequence DESC`;
}
