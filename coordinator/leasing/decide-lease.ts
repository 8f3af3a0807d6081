/**
 * Who may work on what, and what happens when they stop. Pure: from what the ledger says to what is decided.
 *
 * @module
 */
import type { Decision } from "../ledger/events.ts";
import type { TaskRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";

/** Workers that may die over a task before its samples are given up as poison. */
const DEATHS_AT_MOST = 3;

/** What a request for a lease is answered with. */
export type LeaseVerdict =
  | { readonly kind: "settled" }
  | { readonly kind: "held"; readonly lease: string }
  | {
      readonly kind: "granted";
      readonly decision: Extract<Decision, { type: "leased" }>;
      readonly task: TaskRecord;
    };

/** Judges a request. The lease table in the ledger is the only authority; a delivery only asks. */
export function judgeLease(
  state: LedgerState,
  request: { readonly task: string; readonly dispatch: number; readonly worker: string },
): LeaseVerdict {
  const task = state.tasks.get(request.task);
  if (task === undefined || request.dispatch < task.dispatch) return { kind: "settled" };
  const samples = openSamples(task);
  if (samples.length === 0) return { kind: "settled" };
  if (task.lease !== null) return { kind: "held", lease: task.lease };
  const { worker } = request;
  const lease = `${task.task}.${task.dispatch}`;
  const version = task.version ?? state.step;
  return {
    kind: "granted",
    task,
    decision: { type: "leased", lease, task: task.task, worker, version, samples },
  };
}

/**
 * Ends a lease; what is open of its task goes into the next dispatch, unless it has cost too many workers.
 *
 * @param death - whether the worker or its engine ended over it
 */
export function endLease(state: LedgerState, lease: string, reason: string, death: boolean): Decision[] {
  const held = state.leases.get(lease);
  const task = held === undefined ? undefined : state.tasks.get(held.task);
  if (held === undefined || task === undefined) return [];
  const released: Decision = { type: "released", lease, task: task.task, reason, death };
  if (!death || task.deaths + 1 < DEATHS_AT_MOST) return [released];
  const message = `${task.deaths + 1} workers were lost over it; the last: ${reason}`;
  return [released, rejectOpen(task, "poison", message, false)];
}

/** Rejects every open sample of a task; nothing makes up for them. */
export function rejectOpen(task: TaskRecord, reason: string, message: string, unusable: boolean): Decision {
  return {
    type: "rejected",
    task: task.task,
    samples: openSamples(task),
    reason,
    message,
    replace: false,
    unusable,
  };
}

/** Indexes of a task's open samples, ascending. */
export function openSamples(task: TaskRecord): number[] {
  return [...task.samples.keys()].filter((index) => task.samples[index]?.state === "open");
}
