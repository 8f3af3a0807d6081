/**
 * What a run has waited for longest, on whom and since when: from the ledger, from the terms of leases, from this
 * process's own waits and from what workers say of theirs.
 *
 * @module
 */
import { longestWaits, systemClock } from "../../core/index.ts";
import type { WaitInit } from "../../proto/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";
import { dueEvaluation, lastStep, roomForGroups } from "../issuing/next-tasks.ts";
import { isTrained } from "../issuing/run-end.ts";
import { isOnTrial } from "../leasing/decide-lease.ts";
import type { TaskRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Core } from "../serving/core.ts";

/** Waits that an answer holds. */
const SHOWN = 20;
/** This process's own waits that it holds, and how long they last at least. */
const OWN_SHOWN = 4;
const OWN_LEAST_MS = 1_000;
/** Signs of life that may be missing before a worker is called silent. */
const SILENT_SHARE = 1 / 3;

type Wait = Omit<WaitInit, "seconds"> & { readonly seconds: number };

/** What the run waits for now, longest first. */
export function waitsOf(core: Core, workers: readonly WorkerPresence[]): Wait[] {
  const { state } = core;
  const nowMs = systemClock.wallMs();
  // The wall clock may have been set back.
  const since = (atMs: number) => Math.max(0, nowMs - atMs) / 1_000;
  const isOpen = state.phase === "running" || state.phase === "paused";
  const ofRun = isOpen
    ? [
        ...oldestLease(state, since),
        ...oldestOffer(state, since),
        ...oldestBatch(core, since),
        ...missingTrainer(core),
        ...heldBack(core, since),
        ...silentWorkers(core),
      ]
    : [];
  return [...ofRun, ...ownWaits(), ...workers.flatMap(waitOfWorker)]
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SHOWN);
}

type Since = (atMs: number) => number;

function oldestLease({ leases }: LedgerState, since: Since): Wait[] {
  const [lease] = [...leases.values()].sort((a, b) => a.since - b.since);
  if (lease === undefined) return [];
  const left = lease.samples.size === 1 ? "1 sample" : `${lease.samples.size} samples`;
  return [wait(`${left} of task ${lease.task}`, lease.worker, since(lease.since))];
}

function oldestOffer({ tasks }: LedgerState, since: Since): Wait[] {
  const [task] = [...tasks.values()]
    .filter((candidate) => candidate.lease === null && candidate.open > 0)
    .sort((a, b) => a.since - b.since);
  return task === undefined
    ? []
    : [wait(`task ${task.task} (${task.instance}) to be taken`, whoMayTake(task), since(task.since))];
}

function whoMayTake(task: TaskRecord): string {
  if (task.unfit.length > 0) return `a worker with a larger context than ${task.unfit.join(", ")}`;
  if (isOnTrial(task)) return `a worker with nothing else: ${task.losses.length} were lost over it`;
  return "workers";
}

function oldestBatch({ state, trainer }: Core, since: Since): Wait[] {
  const [step] = [...state.batches.keys()].sort((a, b) => a - b);
  if (step === undefined) return [];
  const on = trainer.sessions > 0 ? "the updater" : "an updater to join";
  return [wait(`batch ${step} to be trained`, on, since(state.steps.get(step)?.composedAt ?? state.at))];
}

function missingTrainer({ state, trainer }: Core): Wait[] {
  if (trainer.sessions > 0 || isTrained(state)) return [];
  return [wait("a trainer's session", "an updater to join", (performance.now() - trainer.sinceMs) / 1_000)];
}

/** Nothing more may be issued, and nothing that was issued is left to sample. */
function heldBack({ state, prompts }: Core, since: Since): Wait[] {
  if (state.phase !== "running" || state.composed >= lastStep(state) || roomForGroups(state) > 0) return [];
  if (dueEvaluation(state, prompts.heldOut.length) !== null) return [];
  if ([...state.tasks.values()].some((task) => task.open > 0)) return [];
  const what = `step ${state.step + 1}, before more tasks are issued (staleness at most ${state.settings.staleness})`;
  return [wait(what, "the updater", since(state.steps.get(state.composed)?.composedAt ?? state.at))];
}

function silentWorkers({ state, terms }: Core): Wait[] {
  return [...state.leases.values()].flatMap(({ lease, task, worker }) => {
    const silentMs = terms.termMs - terms.remainingMs(lease);
    if (silentMs < terms.termMs * SILENT_SHARE) return [];
    return [wait(`a sign of life over task ${task}`, worker, silentMs / 1_000, terms.termMs / 1_000)];
  });
}

function ownWaits(): Wait[] {
  return longestWaits(OWN_SHOWN)
    .filter(({ ms }) => ms >= OWN_LEAST_MS)
    .map(({ name, ms, deadlineMs }) => wait(name, "the coordinator", ms / 1_000, deadlineMs / 1_000));
}

function waitOfWorker({ name, wait: longest }: WorkerPresence): Wait[] {
  if (longest === null) return [];
  const deadlineMs = longest.deadlineMs ?? Number.POSITIVE_INFINITY;
  return [wait(longest.name, name, longest.ms / 1_000, deadlineMs / 1_000)];
}

/** @param deadlineSeconds - infinite where another deadline ends it, which the wire writes as 0 */
function wait(what: string, on: string, seconds: number, deadlineSeconds = Number.POSITIVE_INFINITY): Wait {
  return { what, on, seconds, deadlineSeconds: Number.isFinite(deadlineSeconds) ? deadlineSeconds : 0 };
}
