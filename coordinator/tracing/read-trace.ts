import {
  type FinishedSpan,
  leaseSpan,
  type SpanAddress,
  sampleSpan,
  type Trace,
  taskTrace,
} from "../../telemetry/index.ts";
import { queryParquet, quoted, sourceOf } from "../archive/parquet.ts";
import type { Lane } from "../ledger/events.ts";
import type { LeaseSpan, Outcome } from "../ledger/records.ts";
import { type EndedSamples, leasesOf, taskSpans } from "./task-spans.ts";

/** A task that is not in the archive, or of which only rollouts are. */
export type NoTrace = "unknown" | "not-over" | "no-times";

/**
 * The trace of a task that is over, from the archive in `folder`. Its spans are those that are sent while the run goes on,
 * but for what the archive does not keep: of a worker's phases it has the lengths alone, so they are laid back from when
 * the sample was durable, and what handing it over took is missing.
 */
export async function readTrace(
  folder: string,
  run: string,
  task: string,
): Promise<FinishedSpan[] | NoTrace> {
  const rollouts = await rowsOf(folder, "rollouts", ROLLOUT_FIELDS, task);
  const ends = (await rowsOf(folder, "outcomes", "*", task)).map(endOf);
  const [first, ...others] = ends;
  if (first === undefined) return rollouts.length === 0 ? "unknown" : "not-over";
  if (first === null || others.includes(null)) return "no-times";
  const all: EndedSamples = [first, ...others.filter((end) => end !== null)];
  const trace = taskTrace(run, task);
  return [...taskSpans(run, all), ...rollouts.flatMap((row) => attemptSpans(trace, row, all))];
}

type Row = Readonly<Record<string, unknown>>;

const ROLLOUT_FIELDS =
  "sample, attempt, worker, reward, error_class, finish, queued_ms, prefill_ms, decode_ms, reward_ms, len(tokens) AS tokens, len(prompt_tokens) AS prompt_tokens, spans_json";

async function rowsOf(
  folder: string,
  table: "rollouts" | "outcomes",
  fields: string,
  task: string,
): Promise<Row[]> {
  const source = await sourceOf(folder, table);
  if (source === null) return [];
  return queryParquet(
    `SELECT ${fields} FROM ${source} WHERE task = ${quoted(task)} ORDER BY sample, attempt`,
  );
}

/** Null where the row is of a version that kept no times. */
function endOf(row: Row): Outcome | null {
  const time = (name: string) => (row[name] === null ? null : Number(row[name]));
  if (row["issued_at"] === undefined || row["issued_at"] === null) return null;
  return {
    lane: String(row["lane"]) as Lane,
    task: String(row["task"]),
    sample: Number(row["sample"]),
    attempt: Number(row["attempt"]),
    instance: String(row["instance"]),
    outcome: String(row["outcome"]) as Outcome["outcome"],
    reason: String(row["reason"]),
    step: time("step"),
    sequence: time("sequence"),
    sha256: null,
    history: {
      issuedAt: Number(row["issued_at"]),
      acceptedAt: time("accepted_at"),
      batchedAt: time("batched_at"),
      endedAt: Number(row["ended_at"]),
      leases: JSON.parse(String(row["leases_json"])) as LeaseSpan[],
    },
  };
}

/** One attempt at a sample and its phases, laid back from its end. */
function attemptSpans(trace: Trace, row: Row, ends: EndedSamples): FinishedSpan[] {
  const [sample, attempt, worker] = [Number(row["sample"]), Number(row["attempt"]), String(row["worker"])];
  const lease = leasesOf(ends).findLast((one) => one.worker === worker);
  const isPartial = row["finish"] === "FINISH_PARTIAL";
  const acceptedAt = ends.find((end) => end.sample === sample)?.history.acceptedAt ?? null;
  const endMs = isPartial ? lease?.until : (acceptedAt ?? lease?.until);
  if (endMs === undefined) return [];
  const address = sampleSpan(trace, sample, attempt);
  const phases = phasesOf(row, address, trace.span, endMs);
  return [
    {
      name: "sample",
      address,
      parent: lease === undefined ? trace.root : leaseSpan(trace, lease.lease),
      links: attempt > 1 ? [sampleSpan(trace, sample, attempt - 1)] : [],
      startMs: phases[0]?.startMs ?? endMs,
      endMs,
      attributes: {
        "fleet.sample": sample,
        "fleet.attempt": attempt,
        "fleet.worker": worker,
        "gen_ai.usage.input_tokens": Number(row["prompt_tokens"]),
        "gen_ai.usage.output_tokens": Number(row["tokens"]),
        "gen_ai.response.finish_reasons": [String(row["finish"]).slice("FINISH_".length).toLowerCase()],
        ...(!isPartial && { "fleet.reward": Number(row["reward"]) }),
        ...(row["error_class"] !== "" && { "fleet.reward.verdict": String(row["error_class"]) }),
      },
    },
    ...phases,
  ];
}

const PHASES = ["queued", "prefill", "decode", "reward"] as const;

function phasesOf(row: Row, parent: SpanAddress, span: Trace["span"], endMs: number): FinishedSpan[] {
  const lengths = PHASES.map((name) => Number(row[`${name}_ms`]));
  const versions = (JSON.parse(String(row["spans_json"])) as { policyVersion: number }[]).map(
    ({ policyVersion }) => policyVersion,
  );
  let startMs = endMs - lengths.reduce((sum, ms) => sum + ms, 0);
  return PHASES.flatMap((name, index) => {
    const ms = lengths[index] ?? 0;
    const from = startMs;
    startMs += ms;
    if (name === "reward" && row["finish"] === "FINISH_PARTIAL") return [];
    const attributes =
      name === "decode"
        ? {
            "fleet.tokens": Number(row["tokens"]),
            "fleet.policy.version": [...new Set(versions)].join(", "),
            ...(ms > 0 && { "fleet.tokens_per_second": (1_000 * Number(row["tokens"])) / ms }),
          }
        : {};
    return [
      { name, address: span(parent.spanId, name), parent, startMs: from, endMs: from + ms, attributes },
    ];
  });
}
