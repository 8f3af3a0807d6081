import type { StatusAnswerInit, WorkerStatusInit } from "../../proto/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";
import { dueEvaluation, lastStep } from "../issuing/next-tasks.ts";
import { isTrained } from "../issuing/run-end.ts";
import { balancesOf } from "../ledger/balance.ts";
import type { ScalingPlan } from "../scaling/scaler.ts";
import { poolsOf } from "../scaling/scaling-answer.ts";
import type { Core } from "../serving/core.ts";
import { reportSteps } from "./summary.ts";
import { waitsOf } from "./waits.ts";

/** Steps that a status shows. */
const RECENT = 32;

/** Instances set aside that a status names: the newest. */
const MOST_SET_ASIDE = 100;

/** Answers Fleet.Status from the ledger and from who is there. */
export function statusOf(
  core: Core,
  workers: readonly WorkerPresence[],
  plan: ScalingPlan | null,
): StatusAnswerInit {
  const { state } = core;
  return {
    run: state.run,
    state: stateOf(core),
    step: state.step,
    steps: lastStep(state),
    balances: balancesOf(state, core),
    workers: workers.map(workerOf),
    recent: reportSteps(state)
      .slice(-RECENT)
      .map(({ step, meanReward, formatRate, exactRate, staleness, seconds }) => ({
        step,
        meanReward,
        formatRate,
        exactRate,
        staleness: staleness.mean,
        seconds: seconds.step,
      })),
    seconds: (state.at - state.startedAt) / 1000,
    waitingFor: waitsFor(core, workers),
    reason: state.endReason,
    tokensPerSecond: workers.reduce((sum, worker) => sum + worker.tokensPerSecond, 0),
    waits: waitsOf(core, workers),
    pools: poolsOf(plan),
    setAside: [...state.unusable].slice(-MOST_SET_ASIDE).map(([instance, reason]) => ({ instance, reason })),
  };
}

function stateOf({ state, prompts }: Core): string {
  if (state.phase !== "running") return state.phase === "new" ? "starting" : state.phase;
  if (dueEvaluation(state, prompts.heldOut.length) !== null) return "evaluating";
  return isTrained(state) ? "stopping" : "running";
}

/** What nothing can go on without, in words; empty when nothing is missing. */
function waitsFor({ state, trainer, trouble }: Core, workers: readonly WorkerPresence[]): string {
  if (trouble.now !== null) return trouble.now;
  if (state.phase !== "running") return "";
  if (workers.length === 0) return "workers to join";
  const isWaitingForUpdater = state.batches.size > 0 && trainer.sessions === 0;
  return isWaitingForUpdater ? "an updater to join" : "";
}

function workerOf(worker: WorkerPresence): WorkerStatusInit {
  const { name, pool, device, variant, slots, busySlots, policyVersion, tokensPerSecond, draining } = worker;
  return { name, pool, device, variant, slots, busySlots, policyVersion, tokensPerSecond, draining };
}
