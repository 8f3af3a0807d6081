import type { Rollout } from "../../proto/index.ts";
import { decodeRollout, encodeRollout, float32Bytes, int32Bytes } from "../../transport/index.ts";
import { queryParquet, sourceOf } from "./parquet.ts";

/**
 * Rollouts as their workers sent them, made again from their rows.
 *
 * @param sequences - in ROLLOUTS; those that the archive in `folder` does not have are left out
 * @returns by sequence, each in the forms that its row may have had: where no time was measured the row does not say
 *   whether the worker said so or said nothing
 */
export async function readRollouts(
  folder: string,
  sequences: readonly number[],
): Promise<Map<number, Rollout[]>> {
  const source = await sourceOf(folder, "rollouts");
  if (sequences.length === 0 || source === null) return new Map();
  const rows = await queryParquet(`SELECT * FROM ${source} WHERE sequence IN (${sequences.join(", ")})`);
  return new Map(rows.map((row) => [Number(row["sequence"]), formsOf(row)]));
}

type RawRow = Record<string, unknown>;

function formsOf(row: RawRow): Rollout[] {
  const timings = {
    queuedMs: Number(row["queued_ms"]),
    prefillMs: Number(row["prefill_ms"]),
    decodeMs: Number(row["decode_ms"]),
    rewardMs: Number(row["reward_ms"]),
  };
  const isMeasured = Object.values(timings).some((ms) => ms !== 0);
  const rollout = {
    ...identityOf(row),
    promptTokens: tokensOf(row["prompt_tokens"]),
    completion: {
      tokens: tokensOf(row["tokens"]),
      logp: floatsOf(row["logp"]),
      logq: floatsOf(row["logq"]),
      entropy: floatsOf(row["entropy"]),
      spans: JSON.parse(String(row["spans_json"])),
      finish: row["finish"] as "FINISH_END",
      text: String(row["text"]),
    },
    reward: rewardOf(row),
  };
  const withTimings = { ...rollout, timings };
  const forms = isMeasured ? [withTimings] : [withTimings, rollout];
  return forms.map((form) => decodeRollout(encodeRollout(form)));
}

function identityOf(row: RawRow) {
  return {
    run: String(row["run"]),
    lane: String(row["lane"]),
    task: String(row["task"]),
    sample: Number(row["sample"]),
    attempt: Number(row["attempt"]),
    instance: String(row["instance"]),
    seed: String(row["seed"]),
    temperature: Number(row["temperature"]),
    traceId: String(row["trace_id"]),
    worker: String(row["worker"]),
  };
}

/** A partial rollout has none, and its row no number. */
function rewardOf(row: RawRow) {
  const value = Number(row["reward"]);
  if (Number.isNaN(value)) return null;
  return {
    value,
    scorer: String(row["scorer"]),
    components: JSON.parse(String(row["components_json"])),
    errorClass: String(row["error_class"]),
    exact: row["exact"] === true,
    explanationJson: String(row["explanation_json"]),
  };
}

function tokensOf(list: unknown): Uint8Array {
  return int32Bytes(Int32Array.from(list as number[]));
}

function floatsOf(list: unknown): Uint8Array {
  return float32Bytes(Float32Array.from(list as (number | string)[], Number));
}
