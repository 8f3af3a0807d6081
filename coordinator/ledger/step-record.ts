import type { AcceptedRollout } from "./events.ts";
import type { StepRecord } from "./records.ts";
import type { LedgerState } from "./state.ts";

/** The record of a step; a new one where there is none yet. */
export function stepRecord(state: LedgerState, step: number): StepRecord {
  const known = state.steps.get(step);
  if (known !== undefined) return known;
  const record: StepRecord = {
    step,
    sums: {
      rollouts: 0,
      reward: 0,
      wellFormed: 0,
      exact: 0,
      tokens: 0,
      cutOff: 0,
      generateMs: 0,
      rewardMs: 0,
    },
    refilled: 0,
    groups: 0,
    batchRollouts: 0,
    batchTokens: 0,
    stalenessSum: 0,
    stalenessMost: 0,
    composedAt: 0,
    endedAt: 0,
    metrics: null,
    skipped: null,
    source: null,
  };
  state.steps.set(step, record);
  return record;
}

/** The record of the step whose batch comes next. */
export function fillingStep(state: LedgerState): StepRecord {
  return stepRecord(state, state.composed + 1);
}

/** Counts a rollout that came for a step. */
export function addRollout({ sums }: StepRecord, rollout: AcceptedRollout | null): void {
  if (rollout === null) return;
  sums.rollouts += 1;
  sums.reward += rollout.reward;
  sums.wellFormed += Number(rollout.wellFormed);
  sums.exact += Number(rollout.exact);
  sums.tokens += rollout.tokens;
  sums.cutOff += Number(rollout.cutOff);
  sums.generateMs += rollout.generateMs;
  sums.rewardMs += rollout.rewardMs;
}
