/**
 * Which tasks come next. Pure: from what the ledger says to what is decided.
 *
 * @module
 */
import type { Decision } from "../ledger/events.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { PromptOrder } from "./prompt-order.ts";

/** What can be asked, by position. */
export interface Prompts {
  /** Ids of the training instances. */
  readonly train: readonly string[];
  readonly order: PromptOrder;
  /** Ids of the held-out instances, in their order. */
  readonly heldOut: readonly string[];
}

/** The last step that the run will make. */
export function lastStep(state: LedgerState): number {
  return Math.min(state.settings.steps, state.stopAfter ?? Number.POSITIVE_INFINITY);
}

/** The version whose evaluation must be over before anything else is issued; null when none is due. */
export function dueEvaluation(state: LedgerState, heldOut: number): number | null {
  const { evalEvery, evalTasks, staleness } = state.settings;
  const { step } = state;
  if (evalTasks === 0 || heldOut === 0) return null;
  const open = [...state.evals.values()].find((round) => !round.done);
  if (open !== undefined) return open.version;
  const latest = evalEvery === 0 ? 0 : step - (step % evalEvery);
  // Steps may have gone on while an evaluation was under way; adapters are kept for so long.
  const due = step - latest <= staleness + 1 ? [latest] : [];
  if (step >= lastStep(state)) due.push(step);
  return due.find((version) => !state.evals.has(version)) ?? null;
}

/**
 * What to issue now: the evaluation that is due, else training prompts as far ahead as the staleness bound lets the
 * updater use them.
 */
export function nextTasks(state: LedgerState, prompts: Prompts): Decision[] {
  if (state.phase !== "running") return [];
  const version = dueEvaluation(state, prompts.heldOut.length);
  if (version !== null) return evaluationTasks(state, prompts, version);
  return trainingTasks(state, prompts);
}

function evaluationTasks(state: LedgerState, prompts: Prompts, version: number): Decision[] {
  const { evalTasks, evalTemperatures } = state.settings;
  const instances = prompts.heldOut.slice(0, evalTasks);
  const issued = state.evals.get(version)?.issued ?? 0;
  const tasks = evalTemperatures.flatMap((temperature, t) =>
    instances.map((instance, i) => ({
      type: "issued" as const,
      task: `e${version}-${t * instances.length + i}`,
      lane: "eval" as const,
      ordinal: t * instances.length + i,
      instance,
      samples: 1,
      temperature,
      version,
    })),
  );
  return tasks.slice(issued);
}

function trainingTasks(state: LedgerState, prompts: Prompts): Decision[] {
  const decisions: Decision[] = [];
  let ordinal = state.nextOrdinal;
  let room = roomForGroups(state);
  if (room === 0 || unusableCount(state, prompts) === prompts.train.length) return [];
  for (; room > 0; ordinal++) {
    const instance = prompts.train[prompts.order.instanceAt(ordinal)] ?? "";
    if (state.unusable.has(instance)) continue;
    decisions.push({
      type: "issued",
      task: `t${ordinal}`,
      lane: "train",
      ordinal,
      instance,
      samples: state.settings.group,
      temperature: state.settings.temperature,
      version: null,
    });
    room -= 1;
  }
  return decisions;
}

/**
 * Groups that may be issued. One issued now is the `n`-th that waits for a batch, so its batch is `composed` + ⌈n /
 * prompts⌉; sampled by the newest policy, `step`, it must not be older than the bound when that batch is composed.
 */
export function roomForGroups(state: LedgerState): number {
  const { prompts, staleness } = state.settings;
  const ahead = staleness + 1 - (state.composed - state.step);
  const wanted = Math.min(ahead, lastStep(state) - state.composed);
  return Math.max(0, wanted * prompts - unbatchedGroups(state));
}

function unbatchedGroups(state: LedgerState): number {
  let count = 0;
  for (const task of state.tasks.values()) if (task.lane === "train" && task.batch === null) count += 1;
  return count;
}

function unusableCount(state: LedgerState, prompts: Prompts): number {
  return state.unusable.size === 0 ? 0 : prompts.train.filter((id) => state.unusable.has(id)).length;
}
