import type { RewardComponent } from "../../proto/index.ts";
import { queryParquet, quoted, sourceOf } from "./parquet.ts";
import { type RowFacts, rowFacts } from "./row-facts.ts";

/** A rollout as a person reads it. */
export interface RolloutView extends RowFacts {
  readonly issue: string;
  readonly text: string;
  /** What the reward is the sum of. */
  readonly components: readonly RewardComponent[];
  readonly explanationJson: string;
}

/** Which rollouts, in which order. */
export interface RolloutQuery {
  readonly lane?: "train" | "eval";
  readonly step?: number;
  readonly instance?: string;
  readonly sequence?: number;
  readonly sort: "sequence" | "reward" | "tokens";
  readonly atMost: number;
}

/** Reads rollouts from the archive in `folder`; none where nothing is archived yet. */
export async function readArchive(folder: string, query: RolloutQuery): Promise<RolloutView[]> {
  const rollouts = await sourceOf(folder, "rollouts");
  if (rollouts === null) return [];
  const ends = await sourceOf(folder, "outcomes");
  const outcomes = ends
    ? `SELECT sequence, step, outcome FROM ${ends} WHERE sequence IS NOT NULL`
    : "SELECT NULL::BIGINT AS sequence, NULL::BIGINT AS step, '' AS outcome WHERE false";
  const rows = await queryParquet(`
    SELECT r.sequence, r.lane, r.task, r.sample, r.instance, r.temperature, o.step, coalesce(o.outcome, '') AS outcome,
      r.reward, r.exact, r.error_class, r.finish, r.worker, len(r.tokens) AS tokens, r.issue, r.text, r.components_json,
      r.explanation_json
    FROM ${rollouts} r LEFT JOIN (${outcomes}) o USING (sequence)
    WHERE ${conditionOf(query)}
    ORDER BY ${query.sort === "sequence" ? "r.sequence" : `${query.sort} DESC, r.sequence`}
    LIMIT ${query.atMost}`);
  return rows.map(viewOf);
}

function conditionOf({ lane, step, instance, sequence }: RolloutQuery): string {
  const conditions = ["r.finish <> 'FINISH_PARTIAL'"];
  if (lane !== undefined) conditions.push(`r.lane = ${quoted(lane)}`);
  if (step !== undefined) conditions.push(`o.step = ${step}`);
  if (instance !== undefined) conditions.push(`r.instance = ${quoted(instance)}`);
  if (sequence !== undefined) conditions.push(`r.sequence = ${sequence}`);
  return conditions.join(" AND ");
}

function viewOf(row: Record<string, unknown>): RolloutView {
  return {
    ...rowFacts(row),
    issue: String(row["issue"]),
    text: String(row["text"]),
    components: JSON.parse(String(row["components_json"])),
    explanationJson: String(row["explanation_json"]),
  };
}
