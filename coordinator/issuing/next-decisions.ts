import { nextBatching } from "../batching/next-batch.ts";
import type { Decision } from "../ledger/events.ts";
import type { LedgerState } from "../ledger/state.ts";
import { nextTasks, type Prompts } from "./next-tasks.ts";
import { evaluationReplacements, finishedEvaluations, leftovers } from "./run-end.ts";

/**
 * What follows from the ledger by itself, without anybody asking: the first thing that is to be decided; empty when
 * nothing is. Pure; call it again after each decision.
 */
export function nextDecisions(state: LedgerState, prompts: Prompts): Decision[] {
  if (state.phase !== "running" && state.phase !== "paused") return [];
  for (const next of [evaluationReplacements, finishedEvaluations, nextBatching, leftovers]) {
    const decisions = next(state);
    if (decisions.length > 0) return decisions;
  }
  return nextTasks(state, prompts);
}
