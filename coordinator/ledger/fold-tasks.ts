import type { EventOf } from "./events.ts";
import type { LeaseRecord, SampleRecord, TaskRecord } from "./records.ts";
import { type LedgerState, OUTCOME_LETTERS } from "./state.ts";
import { IllegalTransitionError, SAMPLE_TRANSITIONS } from "./transitions.ts";

/** Replacements that a task may get, in groups of its own size. */
const REPLACEMENTS_PER_SAMPLE = 1;

/** Of a task; more is no group but a damaged event. */
const MOST_SAMPLES = 65_536;

/** A new task: its samples are open. */
export function issueTask(state: LedgerState, event: EventOf<"issued">): void {
  const { task, lane, ordinal, instance, temperature, version, samples } = event;
  if (state.tasks.has(task) || state.closed.has(task)) {
    throw new IllegalTransitionError(`task ${task} is issued a second time`);
  }
  if (!Number.isInteger(samples) || samples < 1 || samples > MOST_SAMPLES) {
    throw new IllegalTransitionError(`task ${task} cannot have ${samples} samples`);
  }
  state.tasks.set(task, {
    task,
    lane,
    ordinal,
    instance,
    temperature,
    version,
    group: samples,
    issuedAt: state.at,
    samples: Array.from({ length: samples }, openSample),
    open: samples,
    oldest: null,
    dispatch: 0,
    lease: null,
    leases: [],
    since: state.at,
    losses: [],
    unfit: [],
    owed: 0,
    replaced: 0,
    batch: null,
  });
  state.taskCount += 1;
  state.lanes[lane].issued += samples;
  if (lane === "train") state.nextOrdinal = ordinal + 1;
  else roundOf(state, version ?? 0).issued += 1;
}

/** New indexes for lost samples; the next dispatch carries them. */
export function replaceSamples(state: LedgerState, event: EventOf<"replaced">): void {
  const task = liveTask(state, event.task);
  if (event.samples.length > task.owed) {
    throw new IllegalTransitionError(
      `task ${task.task} is owed ${task.owed} samples, not ${event.samples.length}`,
    );
  }
  for (const sample of event.samples) {
    if (sample !== task.samples.length) {
      throw new IllegalTransitionError(`sample ${sample} of task ${task.task} cannot be its next`);
    }
    task.samples.push(openSample());
    task.open += 1;
  }
  task.owed -= event.samples.length;
  task.replaced += event.samples.length;
  state.lanes[task.lane].issued += event.samples.length;
  if (task.lease === null) offer(state, task);
}

/** Lost samples of a task that may still be made up for. */
export function replaceable(task: TaskRecord, lost: number): number {
  const left = task.group * REPLACEMENTS_PER_SAMPLE - task.replaced - task.owed;
  return Math.max(0, Math.min(lost, left));
}

/** A worker holds the task. */
export function grantLease(state: LedgerState, event: EventOf<"leased">): void {
  const task = liveTask(state, event.task);
  if (task.lease !== null) {
    throw new IllegalTransitionError(
      `task ${task.task} is leased twice, as ${task.lease} and ${event.lease}`,
    );
  }
  for (const index of event.samples) {
    openSampleOf(task, index, "leased").attempt += 1;
  }
  const { lease, worker, version, samples } = event;
  task.lease = lease;
  state.leases.set(lease, {
    lease,
    task: task.task,
    worker,
    version,
    samples: new Set(samples),
    queuedAt: task.since,
    since: state.at,
  });
}

/** The lease is over before its samples are; what is open goes into the next dispatch. */
export function endLease(state: LedgerState, event: EventOf<"released">): void {
  const lease = state.leases.get(event.lease);
  if (lease === undefined) {
    throw new IllegalTransitionError(`lease ${event.lease} ends, but it is not held`);
  }
  const { worker } = lease;
  if (event.death) liveTask(state, lease.task).losses.push({ worker, engine: event.death === "engine" });
  forgetLease(state, lease, event);
}

/** A sample of a lease needs no more work; a lease without samples is over. */
export function settleLeasedSample(state: LedgerState, task: TaskRecord, index: number): void {
  const lease = task.lease === null ? undefined : state.leases.get(task.lease);
  if (lease === undefined) return;
  lease.samples.delete(index);
  if (lease.samples.size === 0) forgetLease(state, lease, { reason: "", death: false });
}

/** A task is forgotten, but for a letter a sample, once the end of every sample is known and none is owed. */
export function closeTaskWhenOver(state: LedgerState, task: TaskRecord): void {
  const isOver = task.samples.every(({ state: at }) => SAMPLE_TRANSITIONS[at].length === 0);
  if (!isOver || task.owed > 0) return;
  const letters = task.samples.map(({ state: at }) => OUTCOME_LETTERS[at] ?? "?").join("");
  state.closed.set(task.task, letters);
  state.tasks.delete(task.task);
}

/** @throws {IllegalTransitionError} when the task was never issued or is over */
export function liveTask(state: LedgerState, task: string): TaskRecord {
  const found = state.tasks.get(task);
  if (found !== undefined) return found;
  throw new IllegalTransitionError(`there is no live task ${task}`);
}

/** @throws {IllegalTransitionError} when the task has no such sample */
export function sampleOf(task: TaskRecord, index: number): SampleRecord {
  const sample = task.samples[index];
  if (sample !== undefined) return sample;
  throw new IllegalTransitionError(`task ${task.task} has no sample ${index}`);
}

/** @throws {IllegalTransitionError} when the sample has its end, so that nothing can be `done` to it */
export function openSampleOf(task: TaskRecord, index: number, done: string): SampleRecord {
  const sample = sampleOf(task, index);
  if (sample.state === "open") return sample;
  throw new IllegalTransitionError(`sample ${index} of task ${task.task} is ${done} while ${sample.state}`);
}

function openSample(): SampleRecord {
  return { state: "open", attempt: 0, failures: 0, prefix: null, rollout: null, acceptedAt: null };
}

function forgetLease(
  state: LedgerState,
  { lease, task: name, worker, queuedAt, since }: LeaseRecord,
  { reason, death }: Pick<EventOf<"released">, "reason" | "death">,
): void {
  state.leases.delete(lease);
  const task = state.tasks.get(name);
  if (task === undefined) return;
  task.lease = null;
  task.leases.push({ lease, worker, queuedAt, since, until: state.at, reason, death });
  if (task.open > 0) offer(state, task);
}

/** Another message may be leased. */
function offer(state: LedgerState, task: TaskRecord): void {
  task.dispatch += 1;
  task.since = state.at;
}

function roundOf(state: LedgerState, version: number) {
  const known = state.evals.get(version);
  if (known !== undefined) return known;
  const round = { version, issued: 0, done: false, results: [] };
  state.evals.set(version, round);
  return round;
}
