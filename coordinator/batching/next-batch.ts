/**
 * What becomes of the groups that are complete: judged for staleness, for size and for signal, then a batch. Pure: from
 * what the ledger says to what is decided.
 *
 * @module
 */
import { lastStep } from "../issuing/next-tasks.ts";
import { replacementsOf } from "../issuing/run-end.ts";
import type { BatchGroupRef, Decision } from "../ledger/events.ts";
import type { TaskRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";

/** Batches composed and not trained: one in training, one ahead. */
const BATCHES_AHEAD = 2;
/** Rewards closer than this say nothing about which completion was better. */
const NO_SIGNAL = 1e-3;

/** Whether the next batch may be composed now. */
function mayCompose(state: LedgerState): boolean {
  return state.composed - state.step < BATCHES_AHEAD && state.composed < lastStep(state);
}

/**
 * Decides about one thing at a time, so that each decision sees what the one before it left: an empty list when nothing
 * is to be decided. Call it until then.
 */
export function nextBatching(state: LedgerState): Decision[] {
  const replacements = replacementsOf(state, isUnbatched);
  if (replacements.length > 0) return replacements;
  if (!mayCompose(state)) return [];
  const groups = [...state.tasks.values()].filter(isUnbatched);
  const stale = groups.flatMap((task) => dropStale(state, task));
  if (stale.length > 0) return stale;
  const complete = groups.filter(isComplete);
  const useless = complete.flatMap((task) => skipUseless(task));
  if (useless.length > 0) return useless;
  const { prompts, refillAtMost } = state.settings;
  if (complete.length >= prompts) return [batchOf(state, complete.slice(0, prompts))];
  if (state.refilled >= refillAtMost * prompts)
    return [{ type: "refill_exhausted", step: state.composed + 1 }];
  return [];
}

function isUnbatched(task: TaskRecord): boolean {
  return task.lane === "train" && task.batch === null;
}

/** Samples that are accepted and not skipped. */
function members(task: TaskRecord): number[] {
  return [...task.samples.keys()].filter((index) => task.samples[index]?.state === "accepted");
}

function isComplete(task: TaskRecord): boolean {
  return task.open === 0;
}

/** What is too old for the batch that comes next: accepted samples are skipped, open ones that go on from old tokens expire. */
function dropStale(state: LedgerState, task: TaskRecord): Decision[] {
  const oldestAllowed = state.composed - state.settings.staleness;
  if (task.oldest === null || task.oldest >= oldestAllowed) return [];
  const open: number[] = [];
  const accepted: number[] = [];
  task.samples.forEach(({ state: at, prefix, rollout }, index) => {
    if (at === "open" && prefix !== null && prefix.oldest < oldestAllowed) open.push(index);
    if (at === "accepted" && rollout !== null && rollout.oldest < oldestAllowed) accepted.push(index);
  });
  const decisions: Decision[] = [];
  if (open.length > 0) decisions.push({ type: "expired", task: task.task, samples: open, reason: "stale" });
  if (accepted.length > 0) {
    decisions.push({ type: "skipped", task: task.task, samples: accepted, reason: "stale" });
  }
  return decisions;
}

/** A group that is too small or whose rewards do not differ teaches nothing. */
function skipUseless(task: TaskRecord): Decision[] {
  const samples = members(task);
  if (samples.length === 0) return [];
  if (samples.length * 2 < task.group || samples.length < 2) {
    return [{ type: "skipped", task: task.task, samples, reason: "short" }];
  }
  const rewards = samples.map((index) => task.samples[index]?.rollout?.reward ?? 0);
  const isFlat = Math.max(...rewards) - Math.min(...rewards) < NO_SIGNAL;
  return isFlat ? [{ type: "skipped", task: task.task, samples, reason: "no-signal" }] : [];
}

function batchOf(state: LedgerState, groups: readonly TaskRecord[]): Decision {
  const refs: BatchGroupRef[] = groups.map((task) => ({ task: task.task, samples: members(task) }));
  return { type: "batched", step: state.composed + 1, groups: refs };
}
