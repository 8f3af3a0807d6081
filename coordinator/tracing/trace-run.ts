import {
  isSampled,
  sampleSpan,
  stepTrace,
  type Traces,
  taskTrace,
  traceparentOf,
} from "../../telemetry/index.ts";
import type { EventOf, LedgerEvent } from "../ledger/events.ts";
import type { Outcome } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import { createSlowRollouts } from "./slow-rollouts.ts";
import { isLost, taskSpans } from "./task-spans.ts";

/** Follows a run's decisions, and has the coordinator's part of its traces told once a task or a step is over. */
export interface RunTracer {
  /** Takes in what a ledger that was opened holds. */
  begin(state: LedgerState): void;
  /** Something was decided; `state` is as it is after it. */
  decided(state: LedgerState, event: LedgerEvent): void;
  /** What travels with a task, so that what is done for it is under it; "" where nobody asks for traces. */
  traceparentOf(task: string): string;
  /** Whether a task's spans are worth keeping, as far as is known by now. */
  keeps(task: string): boolean;
}

/** Tasks of which it is remembered that they are to be kept; an answer about a sample comes after its task is over. */
const MOST_CONSPICUOUS = 16_384;

/** Traces a run; does nothing where nobody asks for it. */
export function traceRun(run: string, traces: Traces): RunTracer {
  if (!traces.isOn)
    return { begin: () => {}, decided: () => {}, traceparentOf: () => "", keeps: () => false };
  const slow = createSlowRollouts();
  /** Of tasks that are not over yet. */
  const ends = new Map<string, [Outcome, ...Outcome[]]>();
  /** Tasks that are to be kept whatever the share, also for a while after they are over. */
  const conspicuous = new Set<string>();
  let told = 0;

  const sampled = (task: string) => isSampled(taskTrace(run, task).id, traces.share);
  const keeps = (task: string) => conspicuous.has(task) || sampled(task);

  function note(task: string): void {
    conspicuous.add(task);
    const [oldest] = conspicuous;
    if (conspicuous.size > MOST_CONSPICUOUS && oldest !== undefined) conspicuous.delete(oldest);
  }

  function look(state: LedgerState, event: LedgerEvent): void {
    if (event.type === "failed" || (event.type === "released" && event.death !== false)) note(event.task);
    if (event.type === "accepted" && isConspicuous(state, event)) note(event.task);
  }

  function isConspicuous(state: LedgerState, { task, rollout }: EventOf<"accepted">): boolean {
    const lane = state.tasks.get(task)?.lane ?? "train";
    const isSlow = slow.isSlow(lane, rollout.generateMs);
    return isSlow || (lane === "train" && rollout.oldest < state.composed - state.settings.staleness);
  }

  function takeEnds(outcomes: readonly Outcome[]): void {
    for (const end of outcomes) {
      const known = ends.get(end.task);
      if (known === undefined) ends.set(end.task, [end]);
      else known.push(end);
    }
  }

  function tellOver(state: LedgerState): void {
    for (const [task, samples] of ends) {
      if (state.tasks.has(task)) continue;
      if (samples.some(isLost)) note(task);
      if (keeps(task)) traces.end(...taskSpans(run, samples));
      ends.delete(task);
    }
  }

  return {
    keeps,
    begin: (state) => {
      takeEnds(state.outcomes.filter(({ task }) => state.tasks.has(task)));
      told = state.outcomes.length;
    },
    decided: (state, event) => {
      look(state, event);
      if (event.type !== "archived" && state.outcomes.length > told) {
        const fresh = state.outcomes.slice(told);
        takeEnds(fresh);
        tellOver(state);
        if (event.type === "trained" || event.type === "step_skipped") tellStep(state, event, fresh);
      }
      told = state.outcomes.length;
    },
    traceparentOf: (task) => traceparentOf(taskTrace(run, task).root, sampled(task)),
  };

  function tellStep(
    state: LedgerState,
    event: EventOf<"trained"> | EventOf<"step_skipped">,
    members: readonly Outcome[],
  ): void {
    const { step, at } = event;
    const record = state.steps.get(step);
    traces.end({
      name: "batch",
      address: stepTrace(run, step).root,
      parent: null,
      links: members.map(({ task, sample, attempt }) => sampleSpan(taskTrace(run, task), sample, attempt)),
      startMs: record?.composedAt ?? at,
      endMs: at,
      attributes: {
        "fleet.run": run,
        "fleet.step": step,
        "fleet.samples": members.length,
        ...(event.type === "trained"
          ? { "fleet.policy.adapter": event.adapter }
          : { "fleet.step.skipped": event.reason }),
      },
    });
  }
}
