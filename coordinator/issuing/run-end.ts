/**
 * When a run is over, and what is left to do then. Pure: from what the ledger says to what is decided.
 *
 * @module
 */
import type { Decision } from "../ledger/events.ts";
import type { TaskRecord } from "../ledger/records.ts";
import type { LedgerState } from "../ledger/state.ts";
import { dueEvaluation, lastStep, type Prompts } from "./next-tasks.ts";

/** Steps given up in a row after which the run has nothing to learn from. */
const GIVEN_UP_AT_MOST = 3;

/** Whether every step is made. */
export function isTrained(state: LedgerState): boolean {
  return state.step >= lastStep(state);
}

/** The evaluation whose tasks are all over is done. */
export function finishedEvaluations(state: LedgerState): Decision[] {
  return [...state.evals.values()].flatMap((round) => {
    if (round.done) return [];
    const tasks = [...state.tasks.values()].filter(
      (task) => task.lane === "eval" && task.version === round.version,
    );
    const isOver = tasks.every((task) => task.owed === 0 && task.open === 0);
    return isOver ? [{ type: "evaluated", version: round.version }] : [];
  });
}

/** Training samples that no step will use: open ones expire, accepted ones are skipped. */
export function leftovers(state: LedgerState): Decision[] {
  if (!isTrained(state)) return [];
  return [...state.tasks.values()]
    .filter((task) => task.lane === "train" && task.batch === null)
    .flatMap(letGo);
}

/** New indexes for the lost samples of some tasks. */
export function replacementsOf(state: LedgerState, isWanted: (task: TaskRecord) => boolean): Decision[] {
  const decisions: Decision[] = [];
  for (const task of state.tasks.values()) {
    if (task.owed === 0 || !isWanted(task)) continue;
    const samples = Array.from({ length: task.owed }, (_, i) => task.samples.length + i);
    decisions.push({ type: "replaced", task: task.task, samples });
  }
  return decisions;
}

/** New indexes for lost samples of evaluations. */
export function evaluationReplacements(state: LedgerState): Decision[] {
  return replacementsOf(state, (task) => task.lane === "eval");
}

/** Why the run cannot go on; null when it can. */
export function hopelessness(state: LedgerState, prompts: Prompts): string | null {
  if (state.givenUp >= GIVEN_UP_AT_MOST) {
    return `${state.givenUp} times in a row no batch came together: the rewards within almost every group are the same; a better base, easier instances or a higher temperature give the reward something to tell apart`;
  }
  if (state.unusable.size < prompts.train.length) return null;
  const unusable = prompts.train.filter((id) => state.unusable.has(id));
  if (unusable.length < prompts.train.length) return null;
  return `no instance of the dataset can be used; of ${unusable[0]}: ${state.unusable.get(unusable[0] ?? "")}`;
}

/** Whether all is trained and evaluated and every sample has its end. */
export function isOver(state: LedgerState, prompts: Prompts): boolean {
  return isTrained(state) && state.tasks.size === 0 && dueEvaluation(state, prompts.heldOut.length) === null;
}

function letGo(task: TaskRecord): Decision[] {
  const at = (wanted: string) =>
    [...task.samples.keys()].filter((index) => task.samples[index]?.state === wanted);
  const open = at("open");
  const accepted = at("accepted");
  const decisions: Decision[] = [];
  if (open.length > 0)
    decisions.push({ type: "expired", task: task.task, samples: open, reason: "run-over" });
  if (accepted.length > 0) {
    decisions.push({ type: "skipped", task: task.task, samples: accepted, reason: "run-over" });
  }
  return decisions;
}
