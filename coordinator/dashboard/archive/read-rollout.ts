import { join } from "node:path";
import type { RolloutRow, RolloutView } from "../../../dashboard/index.ts";
import { quoted } from "../../archive/parquet.ts";
import type { IndexTables } from "./index-tables.ts";
import { listGroup, query } from "./list-rollouts.ts";

/** A rollout without what only the one who asked can know: the text of tokens, and what a group's rewards are worth. */
export type StoredRollout = Omit<RolloutView, "pieces" | "promptPieces" | "advantages"> & {
  readonly promptTokenIds: readonly number[];
};

/** Reads one rollout in full, with its task's others; null where it is not known. */
export async function readRollout(tables: IndexTables, sequence: number): Promise<StoredRollout | null> {
  const [entry] = await query(
    tables,
    "SELECT e.file, e.task, s.reason FROM entries e LEFT JOIN ends s ON s.sequence = e.sequence WHERE e.sequence = ?",
    [sequence],
  );
  if (entry === undefined) return null;
  const file = String(entry["file"]);
  const source = file === "" ? "fresh" : `read_parquet(${quoted(join(tables.folder, "rollouts", file))})`;
  const [row] = await query(tables, `SELECT * FROM ${source} WHERE sequence = ?`, [sequence]);
  const group = await listGroup(tables, String(entry["task"]));
  const own = group.find((member) => member.sequence === sequence);
  if (row === undefined || own === undefined) return null;
  return viewOf(row, own, group, String(entry["reason"] ?? ""));
}

function viewOf(
  row: Record<string, unknown>,
  own: RolloutRow,
  group: readonly RolloutRow[],
  reason: string,
): StoredRollout {
  const text = (name: string) => String(row[name] ?? "");
  const numbers = (name: string) => ((row[name] ?? []) as (number | string)[]).map(Number);
  return {
    ...own,
    attempt: Number(row["attempt"]),
    seed: text("seed"),
    traceId: text("trace_id"),
    scorer: text("scorer"),
    reason,
    issue: text("issue"),
    text: text("text"),
    components: JSON.parse(text("components_json") || "[]"),
    explanationJson: text("explanation_json"),
    spans: JSON.parse(text("spans_json") || "[]"),
    timings: {
      queuedMs: Number(row["queued_ms"]),
      prefillMs: Number(row["prefill_ms"]),
      decodeMs: Number(row["decode_ms"]),
      rewardMs: Number(row["reward_ms"]),
    },
    promptTokenIds: numbers("prompt_tokens"),
    tokenIds: numbers("tokens"),
    logp: numbers("logp"),
    logq: numbers("logq"),
    entropy: numbers("entropy"),
    group,
  };
}
