import type { BatchSkipReason, EventOf } from "./events.ts";
import { count, endSample, moveSample } from "./fold-samples.ts";
import { closeTaskWhenOver, liveTask } from "./fold-tasks.ts";
import type { BatchRecord, EvalRound, TaskRecord } from "./records.ts";
import type { LedgerState } from "./state.ts";
import { addRollout, stepRecord } from "./step-record.ts";
import { IllegalTransitionError } from "./transitions.ts";

/** Batch k: its samples wait for the trainer. */
export function composeBatch(state: LedgerState, event: EventOf<"batched">): void {
  if (event.step !== state.composed + 1) {
    throw new IllegalTransitionError(`batch ${event.step} cannot follow batch ${state.composed}`);
  }
  const record = stepRecord(state, event.step);
  for (const { task: name, samples } of event.groups) {
    const task = liveTask(state, name);
    if (task.lane !== "train")
      throw new IllegalTransitionError(`task ${name} of an evaluation is in a batch`);
    if (task.batch !== null) {
      throw new IllegalTransitionError(
        `task ${name} is in batch ${task.batch} and cannot be in ${event.step}`,
      );
    }
    task.batch = event.step;
    task.owed = 0;
    for (const index of samples) {
      const { rollout } = moveSample(task, index, "batched");
      if (rollout === null) continue;
      addRollout(record, rollout);
      const staleness = event.step - 1 - rollout.oldest;
      record.stalenessSum += staleness;
      record.stalenessMost = Math.max(record.stalenessMost, staleness);
      record.batchRollouts += 1;
      record.batchTokens += rollout.tokens;
    }
  }
  record.groups = event.groups.length;
  record.composedAt = event.at;
  state.batches.set(event.step, { step: event.step, groups: event.groups });
  state.composed = event.step;
  state.refilled = 0;
  state.givenUp = 0;
}

/** Too many groups had no signal; the step's number is used by a later batch. */
export function giveUpStep(state: LedgerState): void {
  state.givenUp += 1;
  state.refilled = 0;
}

/** Policy k is durable; batch k is trained. */
export function trainBatch(state: LedgerState, event: EventOf<"trained">): void {
  const batch = endBatch(state, event);
  for (const { task: name, samples } of batch.groups) {
    const task = liveTask(state, name);
    for (const index of samples) endSample(state, task, index, "trained", "", event.step);
    state.lanes[task.lane].trained += samples.length;
    closeTaskWhenOver(state, task);
  }
  state.policies.push({ version: event.step, adapter: event.adapter });
  stepRecord(state, event.step).metrics = event.metrics;
}

/** The trainer could not use batch k: policy k has policy k − 1's adapter. */
export function skipStep(state: LedgerState, event: EventOf<"step_skipped">): void {
  skipBatch(state, endBatch(state, event), "step-skipped");
  const before = state.policies.at(-1);
  state.policies.push({ version: event.step, adapter: before?.adapter ?? "" });
  stepRecord(state, event.step).skipped = event.reason;
}

/** Step k trains nothing: policy k has an older policy's adapter, and no batch that was made on others is trained. */
export function rewind(state: LedgerState, { version, source, at }: EventOf<"rewound">): void {
  const old = state.policies[source];
  if (version !== state.step + 1 || old === undefined) {
    throw new IllegalTransitionError(
      `policy ${version} after ${state.step} cannot be policy ${source} again`,
    );
  }
  for (const batch of state.batches.values()) skipBatch(state, batch, "rewound");
  state.batches.clear();
  for (const step of [...state.steps.keys()]) if (step > version) state.steps.delete(step);
  state.refilled = 0;
  state.givenUp = 0;
  state.policies.push({ version, adapter: old.adapter });
  state.step = version;
  state.composed = version;
  state.rewinds += 1;
  const record = stepRecord(state, version);
  record.source = source;
  record.skipped = `back to policy ${source}`;
  record.endedAt = at;
}

function skipBatch(state: LedgerState, { step, groups }: BatchRecord, reason: BatchSkipReason): void {
  for (const { task: name, samples } of groups) {
    const task = liveTask(state, name);
    for (const index of samples) {
      endSample(state, task, index, "skipped", reason, step);
      count(state.lanes[task.lane].skipped, reason);
    }
    closeTaskWhenOver(state, task);
  }
}

/** Every task of a version's evaluation is over. */
export function finishEvaluation(state: LedgerState, event: EventOf<"evaluated">): void {
  const round = state.evals.get(event.version);
  if (round === undefined || round.done) {
    throw new IllegalTransitionError(`there is no open evaluation of version ${event.version}`);
  }
  round.done = true;
  for (const task of [...state.tasks.values()]) {
    if (task.lane === "eval" && task.version === event.version) evaluateTask(state, task, round);
  }
}

function evaluateTask(state: LedgerState, task: TaskRecord, round: EvalRound): void {
  if (task.owed > 0 || task.open > 0) {
    throw new IllegalTransitionError(
      `the evaluation of version ${round.version} still waits for ${task.task}`,
    );
  }
  for (const [index, sample] of task.samples.entries()) {
    if (sample.state !== "accepted" || sample.rollout === null) continue;
    const { reward, wellFormed, exact } = sample.rollout;
    const { instance, temperature } = task;
    round.results.push({ instance, temperature, reward, wellFormed, exact });
    endSample(state, task, index, "evaluated", "", round.version);
    state.lanes.eval.evaluated += 1;
  }
  closeTaskWhenOver(state, task);
}

function endBatch(state: LedgerState, event: EventOf<"trained"> | EventOf<"step_skipped">): BatchRecord {
  const batch = state.batches.get(event.step);
  if (event.step !== state.step + 1 || batch === undefined) {
    throw new IllegalTransitionError(`step ${event.step} cannot follow step ${state.step}`);
  }
  if (event.epoch !== state.trainerEpoch) {
    throw new IllegalTransitionError(`trainer epoch ${event.epoch} is over; ${state.trainerEpoch} trains`);
  }
  state.batches.delete(event.step);
  state.step = event.step;
  stepRecord(state, event.step).endedAt = event.at;
  return batch;
}
