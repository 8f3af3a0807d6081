/**
 * The archive's two tables. A rollout's row is what the worker sent, readable without this program; an outcome's row
 * is what became of the sample.
 *
 * @module
 */

import { BIGINT, BOOLEAN, DOUBLE, FLOAT, INTEGER, LIST, VARCHAR } from "@duckdb/node-api";
import type { Rollout } from "../../proto/index.ts";
import type { Outcome } from "../ledger/records.ts";
import type { Column, ValueColumn } from "./chunk.ts";

/** A rollout with its place in ROLLOUTS and what the dataset says about its instance. */
export interface ArchivedRollout {
  readonly sequence: number;
  readonly sha256: string;
  readonly rollout: Rollout;
  /** The instance's issue. */
  readonly issue: string;
  /** The instance's further fields, as JSON. */
  readonly extraJson: string;
}

function text<Row>(name: string, value: (row: Row) => string): ValueColumn<Row> {
  return { name, type: VARCHAR, value };
}

function integer<Row>(name: string, value: (row: Row) => number): ValueColumn<Row> {
  return { name, type: INTEGER, value };
}

/** Counted by the server, so wider than an index. */
function long<Row>(name: string, value: (row: Row) => number | null): ValueColumn<Row> {
  return {
    name,
    type: BIGINT,
    value: (row) => {
      const number = value(row);
      return number === null ? null : BigInt(number);
    },
  };
}

function real<Row>(name: string, value: (row: Row) => number): ValueColumn<Row> {
  return { name, type: DOUBLE, value };
}

function flag<Row>(name: string, value: (row: Row) => boolean): ValueColumn<Row> {
  return { name, type: BOOLEAN, value };
}

function tokenIds<Row>(name: string, bytes: (row: Row) => Uint8Array | undefined): Column<Row> {
  return { name, type: LIST(INTEGER), bytes };
}

function perToken<Row>(name: string, bytes: (row: Row) => Uint8Array | undefined): Column<Row> {
  return { name, type: LIST(FLOAT), bytes };
}

/** Columns of `rollouts/*.parquet`. */
export const ROLLOUT_COLUMNS: readonly Column<ArchivedRollout>[] = [
  long("sequence", (row) => row.sequence),
  text("sha256", (row) => row.sha256),
  text("run", ({ rollout }) => rollout.run),
  text("lane", ({ rollout }) => rollout.lane),
  text("task", ({ rollout }) => rollout.task),
  integer("sample", ({ rollout }) => rollout.sample),
  integer("attempt", ({ rollout }) => rollout.attempt),
  text("instance", ({ rollout }) => rollout.instance),
  text("issue", (row) => row.issue),
  text("text", ({ rollout }) => rollout.completion?.text ?? ""),
  real("reward", ({ rollout }) => rollout.reward?.value ?? Number.NaN),
  flag("exact", ({ rollout }) => rollout.reward?.exact ?? false),
  text("error_class", ({ rollout }) => rollout.reward?.errorClass ?? ""),
  text("scorer", ({ rollout }) => rollout.reward?.scorer ?? ""),
  text("components_json", ({ rollout }) => JSON.stringify(rollout.reward?.components ?? [])),
  text("explanation_json", ({ rollout }) => rollout.reward?.explanationJson ?? ""),
  text("finish", ({ rollout }) => rollout.completion?.finish ?? ""),
  real("temperature", ({ rollout }) => rollout.temperature),
  text("seed", ({ rollout }) => rollout.seed),
  text("worker", ({ rollout }) => rollout.worker),
  text("spans_json", ({ rollout }) => JSON.stringify(rollout.completion?.spans ?? [])),
  real("queued_ms", ({ rollout }) => rollout.timings?.queuedMs ?? 0),
  real("prefill_ms", ({ rollout }) => rollout.timings?.prefillMs ?? 0),
  real("decode_ms", ({ rollout }) => rollout.timings?.decodeMs ?? 0),
  real("reward_ms", ({ rollout }) => rollout.timings?.rewardMs ?? 0),
  text("trace_id", ({ rollout }) => rollout.traceId),
  text("extra_json", (row) => row.extraJson),
  tokenIds("prompt_tokens", ({ rollout }) => rollout.promptTokens),
  tokenIds("tokens", ({ rollout }) => rollout.completion?.tokens),
  perToken("logp", ({ rollout }) => rollout.completion?.logp),
  perToken("logq", ({ rollout }) => rollout.completion?.logq),
  perToken("entropy", ({ rollout }) => rollout.completion?.entropy),
];

/** Columns of `outcomes/*.parquet`. */
export const OUTCOME_COLUMNS: readonly Column<Outcome>[] = [
  text("lane", (row) => row.lane),
  text("task", (row) => row.task),
  integer("sample", (row) => row.sample),
  integer("attempt", (row) => row.attempt),
  text("instance", (row) => row.instance),
  text("outcome", (row) => row.outcome),
  text("reason", (row) => row.reason),
  long("step", (row) => row.step),
  long("sequence", (row) => row.sequence),
  text("sha256", (row) => row.sha256 ?? ""),
  long("issued_at", ({ history }) => history.issuedAt),
  long("accepted_at", ({ history }) => history.acceptedAt),
  long("batched_at", ({ history }) => history.batchedAt),
  long("ended_at", ({ history }) => history.endedAt),
  text("leases_json", ({ history }) => JSON.stringify(history.leases)),
];
