import { type EventOf, TOO_LONG_FOR_WORKER } from "./events.ts";
import {
  closeTaskWhenOver,
  liveTask,
  openSampleOf,
  replaceable,
  sampleOf,
  settleLeasedSample,
} from "./fold-tasks.ts";
import type { SampleRecord, TaskRecord } from "./records.ts";
import type { LedgerState } from "./state.ts";
import { addRollout, fillingStep } from "./step-record.ts";
import { IllegalTransitionError, moved, SAMPLE_TRANSITIONS, type SampleState } from "./transitions.ts";

/** Tokens to go on from; those kept before are not needed any more. */
export function keepPartial(state: LedgerState, event: EventOf<"partial">): void {
  const task = liveTask(state, event.task);
  const sample = openSampleOf(task, event.sample, "continued");
  dropPrefix(state, sample);
  sample.prefix = { sequence: event.sequence, oldest: event.oldest };
  noteOldest(task, event.oldest);
  keepSequence(state, event.sequence);
}

/** A sample could not be made this time; it stays open, and its lease goes on without it. */
export function failSample(state: LedgerState, event: EventOf<"failed">): void {
  const task = liveTask(state, event.task);
  const sample = openSampleOf(task, event.sample, "failed");
  if (event.reason === TOO_LONG_FOR_WORKER) noteUnfit(state, task);
  else sample.failures += 1;
  settleLeasedSample(state, task, event.sample);
}

function noteUnfit(state: LedgerState, task: TaskRecord): void {
  const worker = state.leases.get(task.lease ?? "")?.worker;
  if (worker !== undefined && !task.unfit.includes(worker)) task.unfit.push(worker);
}

/** A rollout is durable and counted. */
export function acceptSample(state: LedgerState, event: EventOf<"accepted">): void {
  const task = liveTask(state, event.task);
  const sample = moveSample(task, event.sample, "accepted");
  sample.attempt = event.attempt;
  sample.rollout = event.rollout;
  sample.acceptedAt = event.at;
  noteOldest(task, event.rollout.oldest);
  dropPrefix(state, sample);
  keepSequence(state, event.rollout.sequence);
  state.lanes[task.lane].accepted += 1;
  settleLeasedSample(state, task, event.sample);
}

/** Open samples that will not be made: rejected or expired. */
export function closeSamples(
  state: LedgerState,
  event: EventOf<"rejected"> | EventOf<"expired">,
  to: "rejected" | "expired",
  replace: boolean,
): void {
  const task = liveTask(state, event.task);
  const lane = state.lanes[task.lane];
  if (replace) task.owed += replaceable(task, event.samples.length);
  for (const index of event.samples) {
    const sample = moveSample(task, index, to);
    dropPrefix(state, sample);
    lane[to] += 1;
    if (to === "rejected") count(lane.rejections, event.reason);
    settleLeasedSample(state, task, index);
    recordOutcome(state, task, index, event.reason, null);
  }
  closeTaskWhenOver(state, task);
}

/** Accepted samples that will not be trained on. A group without signal counts for the step that is being filled. */
export function skipSamples(state: LedgerState, event: EventOf<"skipped">): void {
  const task = liveTask(state, event.task);
  if (task.lane !== "train") {
    throw new IllegalTransitionError(`task ${task.task} of an evaluation cannot be skipped`);
  }
  if (task.batch !== null) {
    throw new IllegalTransitionError(
      `task ${task.task} is in batch ${task.batch} and cannot be skipped alone`,
    );
  }
  if (event.reason === "no-signal") {
    const step = fillingStep(state);
    for (const index of event.samples) addRollout(step, sampleOf(task, index).rollout);
    step.refilled += 1;
    state.refilled += 1;
  }
  for (const index of event.samples) {
    endSample(state, task, index, "skipped", event.reason, null);
    count(state.lanes[task.lane].skipped, event.reason);
  }
  if (event.reason !== "stale") task.owed = 0;
  closeTaskWhenOver(state, task);
}

/** Moves an accepted sample to its end and lets its rollout go. */
export function endSample(
  state: LedgerState,
  task: TaskRecord,
  index: number,
  to: "trained" | "skipped" | "evaluated",
  reason: string,
  step: number | null,
): SampleRecord {
  const sample = moveSample(task, index, to);
  if (sample.rollout !== null) state.liveSequences.delete(sample.rollout.sequence);
  recordOutcome(state, task, index, reason, step);
  return sample;
}

/** Moves a sample along the transition table. */
export function moveSample(task: TaskRecord, index: number, to: SampleState): SampleRecord {
  const sample = sampleOf(task, index);
  const from = sample.state;
  sample.state = moved(SAMPLE_TRANSITIONS, `sample ${index} of task ${task.task}`, from, to);
  if (from === "open") task.open -= 1;
  return sample;
}

function noteOldest(task: TaskRecord, version: number): void {
  task.oldest = Math.min(task.oldest ?? version, version);
}

/** Adds one to a reason's count. */
export function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}

function recordOutcome(
  state: LedgerState,
  task: TaskRecord,
  index: number,
  reason: string,
  step: number | null,
): void {
  const sample = sampleOf(task, index);
  state.outcomes.push({
    lane: task.lane,
    task: task.task,
    sample: index,
    attempt: sample.attempt,
    instance: task.instance,
    outcome: sample.state,
    reason,
    step,
    sequence: sample.rollout?.sequence ?? null,
    sha256: sample.rollout?.sha256 ?? null,
    history: {
      issuedAt: task.issuedAt,
      acceptedAt: sample.acceptedAt,
      batchedAt: task.batch === null ? null : (state.steps.get(task.batch)?.composedAt ?? null),
      endedAt: state.at,
      leases: [...task.leases],
    },
  });
}

function keepSequence(state: LedgerState, sequence: number): void {
  state.liveSequences.add(sequence);
  state.lastSequence = Math.max(state.lastSequence, sequence);
}

function dropPrefix(state: LedgerState, sample: SampleRecord): void {
  if (sample.prefix !== null) state.liveSequences.delete(sample.prefix.sequence);
  sample.prefix = null;
}
