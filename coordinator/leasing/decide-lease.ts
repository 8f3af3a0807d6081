/**
 * Who may work on what, and what happens when they stop. Pure: from what the ledger says to what is decided.
 *
 * @module
 */
import type { Death, Decision } from "../ledger/events.ts";
import type { Loss, TaskRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";

/** Engines that may die over a task, on two workers at least, before it is given up as poison. */
const ENGINES_AT_MOST = 3;
/** The same for engines of one worker and workers that fell silent, which a host or a link may have been to blame for. */
const LOSSES_AT_MOST = 6;

/** What a request for a lease is answered with. */
export type LeaseVerdict =
  | { readonly kind: "settled" }
  | { readonly kind: "held"; readonly lease: string }
  /** Not by this worker, or not now. */
  | { readonly kind: "later" }
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
  if (task.unfit.includes(worker) || wouldMix(state, task, worker)) return { kind: "later" };
  const lease = `${task.task}.${task.dispatch}`;
  const version = task.version ?? state.step;
  return {
    kind: "granted",
    task,
    decision: { type: "leased", lease, task: task.task, worker, version, samples },
  };
}

/**
 * Ends a lease; what is open of its task goes into the next dispatch, unless it has cost too many engines or workers:
 * then it is poison, and its instance is not asked again.
 */
export function endLease(state: LedgerState, lease: string, reason: string, death: Death): Decision[] {
  const held = state.leases.get(lease);
  const task = held === undefined ? undefined : state.tasks.get(held.task);
  if (held === undefined || task === undefined) return [];
  const released: Decision = { type: "released", lease, task: task.task, reason, death };
  if (!death) return [released];
  const losses = [...task.losses, { worker: held.worker, engine: death === "engine" }];
  if (!isPoison(losses)) return [released];
  const message = `${describe(losses)} over it; the last: ${reason}`;
  return [released, rejectOpen(task, "poison", message, true)];
}

/** Whether one more engine that dies over a task makes it poison. Such a task is worked on alone, so that it is its own. */
export function isOnTrial({ losses }: TaskRecord): boolean {
  return isPoison([...losses, { worker: "", engine: true }]);
}

/** Whether a lease would put a task that is on trial beside others. */
function wouldMix(state: LedgerState, task: TaskRecord, worker: string): boolean {
  const alone = isOnTrial(task);
  for (const lease of state.leases.values()) {
    if (lease.worker === worker && (alone || isTaskOnTrial(state, lease.task))) return true;
  }
  return false;
}

function isTaskOnTrial(state: LedgerState, name: string): boolean {
  const task = state.tasks.get(name);
  return task !== undefined && isOnTrial(task);
}

function isPoison(losses: readonly Loss[]): boolean {
  const engines = losses.filter(({ engine }) => engine);
  const workers = new Set(engines.map(({ worker }) => worker));
  return (engines.length >= ENGINES_AT_MOST && workers.size > 1) || losses.length >= LOSSES_AT_MOST;
}

function describe(losses: readonly Loss[]): string {
  const engines = losses.filter(({ engine }) => engine).length;
  const workers = [...new Set(losses.map(({ worker }) => worker))].sort();
  return `${engines} engines died and ${losses.length - engines} workers fell silent (${workers.join(", ")})`;
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
