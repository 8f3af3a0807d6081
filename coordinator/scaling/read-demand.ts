/**
 * What the updater can still use, read from the ledger's fold.
 *
 * @module
 */
import { dueEvaluation, lastStep } from "../issuing/next-tasks.ts";
import type { TaskRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Demand } from "./decide-replicas.ts";

/** What the ledger does not hold. */
export interface DemandContext {
  /** Wall clock, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** Most tokens of a completion. */
  readonly maxTokens: number;
  /** Held-out instances that there are. */
  readonly heldOut: number;
  /** Tokens that workers have sampled of open samples, as far as it is known. */
  readonly heldTokens: number;
}

/** Newest batches that lengths and the share of groups with a signal are taken from. */
const RECENT_STEPS = 2;
/** Newest steps that training times are taken from. */
const RECENT_TIMES = 5;
/** Before the first completion: its length as a share of the most allowed. */
const FIRST_GUESS = 1 / 4;

/** Reads the demand of this moment. */
export function readDemand(state: LedgerState, context: DemandContext): Demand {
  const { prompts, group, staleness } = state.settings;
  const stepSamples = prompts * group;
  const tokensPerCompletion = completionTokens(state, context.maxTokens);
  const stepTokens = tokensPerCompletion * stepSamples * groupsPerUseful(state);
  const { open, openEvaluation, ready } = countSamples(state);
  const unbatched = [...state.batches.keys()].filter((step) => step > state.step + 1).length;
  const inTraining = state.batches.has(state.step + 1);
  const useful =
    ready.complete +
    ((ready.partly + open - openEvaluation) * (tokensPerCompletion * stepSamples)) / stepTokens;
  const usefulShare = (tokensPerCompletion * stepSamples) / stepTokens;
  const mayIssue = state.phase === "running";
  return {
    stepTokens,
    stepSeconds: medianStepSeconds(state),
    trainingSeconds: inTraining ? Math.max(0, context.nowMs - trainingSince(state)) / 1_000 : null,
    readySteps: unbatched + (ready.complete + ready.partly * usefulShare) / stepSamples,
    windowSteps: staleness + 1,
    openTokens: Math.max(0, open * tokensPerCompletion - context.heldTokens),
    laterTokens: mayIssue ? laterTokens(state, context, tokensPerCompletion, stepTokens, useful) : 0,
    evaluationTokens: openEvaluation * tokensPerCompletion,
  };
}

/** Mean length of the newest completions. */
export function completionTokens(state: LedgerState, maxTokens: number): number {
  const { rollouts, tokens } = newestGroups(state);
  if (rollouts > 0) return tokens / rollouts;
  const early = [...state.tasks.values()].flatMap(({ samples }) =>
    samples.flatMap(({ rollout }) => (rollout === null ? [] : [rollout.tokens])),
  );
  if (early.length === 0) return maxTokens * FIRST_GUESS;
  return early.reduce((sum, length) => sum + length, 0) / early.length;
}

/** Groups that are sampled for one that is trained: those without signal are replaced. */
function groupsPerUseful(state: LedgerState): number {
  const { useful, refilled } = newestGroups(state);
  return useful === 0 ? 1 : (useful + refilled) / useful;
}

/** Sums over the newest complete groups: those that wait for a batch, and those of the newest batches. */
interface NewestGroups {
  useful: number;
  refilled: number;
  rollouts: number;
  tokens: number;
}

function newestGroups(state: LedgerState): NewestGroups {
  const sum: NewestGroups = { useful: 0, refilled: 0, rollouts: 0, tokens: 0 };
  for (const task of state.tasks.values()) {
    if (task.lane === "eval" || task.batch !== null || task.open > 0) continue;
    sum.useful += 1;
    for (const { rollout } of task.samples) {
      sum.rollouts += Number(rollout !== null);
      sum.tokens += rollout?.tokens ?? 0;
    }
  }
  for (let step = state.composed + 1; step > state.composed - RECENT_STEPS; step--) {
    const record = state.steps.get(step);
    sum.useful += record?.groups ?? 0;
    sum.refilled += record?.refilled ?? 0;
    sum.rollouts += record?.sums.rollouts ?? 0;
    sum.tokens += record?.sums.tokens ?? 0;
  }
  return sum;
}

function medianStepSeconds(state: LedgerState): number | null {
  const seconds: number[] = [];
  for (let step = state.step; step > 0 && seconds.length < RECENT_TIMES; step--) {
    const record = state.steps.get(step);
    if (record === undefined || record.composedAt === 0 || record.skipped !== null) continue;
    seconds.push((record.endedAt - Math.max(record.composedAt, endOf(state, step - 1))) / 1_000);
  }
  seconds.sort((a, b) => a - b);
  return seconds[Math.floor(seconds.length / 2)] ?? null;
}

function trainingSince(state: LedgerState): number {
  return Math.max(state.steps.get(state.step + 1)?.composedAt ?? 0, endOf(state, state.step));
}

function endOf(state: LedgerState, step: number): number {
  return state.steps.get(step)?.endedAt ?? 0;
}

interface Ready {
  /** Samples of complete groups that no batch has yet. */
  complete: number;
  /** Accepted samples of groups that are not complete. */
  partly: number;
}

function countSamples(state: LedgerState): { open: number; openEvaluation: number; ready: Ready } {
  const ready: Ready = { complete: 0, partly: 0 };
  let open = 0;
  let openEvaluation = 0;
  for (const task of state.tasks.values()) {
    open += task.open;
    if (task.lane === "eval") openEvaluation += task.open;
    if (task.lane === "eval" || task.batch !== null) continue;
    ready[task.open === 0 ? "complete" : "partly"] += acceptedOf(task);
  }
  return { open, openEvaluation, ready };
}

function acceptedOf({ samples }: TaskRecord): number {
  return samples.reduce((count, { state }) => count + Number(state === "accepted"), 0);
}

/** Of the steps that are not covered by what is issued, and of the last evaluation. */
function laterTokens(
  state: LedgerState,
  { heldOut }: DemandContext,
  tokensPerCompletion: number,
  stepTokens: number,
  usefulSamples: number,
): number {
  const { prompts, group, evalTasks, evalTemperatures } = state.settings;
  const last = lastStep(state);
  const lacking = Math.max(0, last - state.composed - usefulSamples / (prompts * group));
  // Complete groups may still be found too old when their batch is composed: until then a completion may be lacking.
  const sampled = state.composed >= last ? 0 : Math.max(tokensPerCompletion, lacking * stepTokens);
  const isToCome = heldOut > 0 && !state.evals.has(last) && dueEvaluation(state, heldOut) !== last;
  const evaluated = isToCome ? Math.min(evalTasks, heldOut) * evalTemperatures.length : 0;
  return sampled + evaluated * tokensPerCompletion;
}
