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
  const { complete, stale, useless } = judgeGroups(state);
  if (stale.length > 0) return stale;
  if (useless.length > 0) return useless;
  const { prompts, refillAtMost } = state.settings;
  if (complete.length >= prompts) return [batchOf(state, complete.slice(0, prompts))];
  if (state.refilled >= refillAtMost * prompts)
    return [{ type: "refill_exhausted", step: state.composed + 1 }];
  return [];
}

/** The complete groups, and what there is to decide about single ones. */
function judgeGroups(state: LedgerState) {
  const complete: TaskRecord[] = [];
  const stale: Decision[] = [];
  const useless: Decision[] = [];
  // Asked at every turn, and most groups ask for nothing: nothing is made for those.
  for (const task of state.tasks.values()) {
    if (!isUnbatched(task)) continue;
    if (isStale(state, task)) stale.push(...dropStale(state, task));
    if (!isComplete(task)) continue;
    complete.push(task);
    const reason = uselessness(task);
    if (reason !== null) useless.push({ type: "skipped", task: task.task, samples: members(task), reason });
  }
  return { complete, stale, useless };
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

/** The oldest version that the batch that comes next may hold tokens of. */
function oldestAllowed({ composed, settings }: LedgerState): number {
  return composed - settings.staleness;
}

function isStale(state: LedgerState, task: TaskRecord): boolean {
  return task.oldest !== null && task.oldest < oldestAllowed(state);
}

/** What is too old for the batch that comes next: accepted samples are skipped, open ones that go on from old tokens expire. */
function dropStale(state: LedgerState, task: TaskRecord): Decision[] {
  const oldest = oldestAllowed(state);
  const open: number[] = [];
  const accepted: number[] = [];
  task.samples.forEach(({ state: at, prefix, rollout }, index) => {
    if (at === "open" && prefix !== null && prefix.oldest < oldest) open.push(index);
    if (at === "accepted" && rollout !== null && rollout.oldest < oldest) accepted.push(index);
  });
  const decisions: Decision[] = [];
  if (open.length > 0) decisions.push({ type: "expired", task: task.task, samples: open, reason: "stale" });
  if (accepted.length > 0) {
    decisions.push({ type: "skipped", task: task.task, samples: accepted, reason: "stale" });
  }
  return decisions;
}

/** Why a complete group teaches nothing: it is too small, or its rewards do not differ; null when it does, or is empty. */
function uselessness(task: TaskRecord): "short" | "no-signal" | null {
  let count = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const { state, rollout } of task.samples) {
    if (state !== "accepted") continue;
    const reward = rollout?.reward ?? 0;
    count += 1;
    if (reward < least) least = reward;
    if (reward > most) most = reward;
  }
  if (count === 0) return null;
  if (count * 2 < task.group || count < 2) return "short";
  return most - least < NO_SIGNAL ? "no-signal" : null;
}

function batchOf(state: LedgerState, groups: readonly TaskRecord[]): Decision {
  const refs: BatchGroupRef[] = groups.map((task) => ({ task: task.task, samples: members(task) }));
  return { type: "batched", step: state.composed + 1, groups: refs };
}
