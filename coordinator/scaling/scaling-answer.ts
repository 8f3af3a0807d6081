import { systemClock } from "../../core/index.ts";
import type { PoolScalingInit, ScalingAnswerInit } from "../../proto/index.ts";
import type { WorkerPresence } from "../../transport/index.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { ScalingPlan } from "./scaler.ts";

/** Answers Fleet.Scaling: the newest plan, and who loses how much by going. */
export function scalingAnswer(
  { state }: { readonly state: LedgerState },
  workers: readonly WorkerPresence[],
  plan: ScalingPlan | null,
): ScalingAnswerInit {
  const nowMs = systemClock.wallMs();
  const progress = workers.map((worker) => ({
    name: worker.name,
    pool: worker.pool,
    busySlots: worker.busySlots,
    heldTokens: heldTokens(state, worker, nowMs),
  }));
  return {
    pools: poolsOf(plan),
    why: plan?.why ?? "",
    workers: progress.sort((a, b) =>
      a.busySlots && b.busySlots ? a.heldTokens - b.heldTokens : a.busySlots - b.busySlots,
    ),
  };
}

/** The pools of a plan on the wire. */
export function poolsOf(plan: ScalingPlan | null): PoolScalingInit[] {
  return plan?.pools.map((pool) => ({ ...pool })) ?? [];
}

/**
 * Tokens that a worker holds of samples that have not come, about: each of its slots has sampled since its lease began,
 * or since another sample left it the slot, which the ledger does not say.
 */
function heldTokens({ leases }: LedgerState, worker: WorkerPresence, nowMs: number): number {
  const { name, busySlots, tokensPerSecond } = worker;
  if (busySlots === 0) return 0;
  const held = [...leases.values()].filter((lease) => lease.worker === name);
  const samples = held.reduce((sum, { samples: open }) => sum + open.size, 0);
  if (samples === 0) return 0;
  const seconds =
    held.reduce((sum, { since, samples: open }) => sum + open.size * Math.max(0, nowMs - since), 0) / 1_000;
  return Math.round((tokensPerSecond / busySlots) * seconds * Math.min(1, busySlots / samples));
}
