/**
 * A worker's slots on simulated time: samples take them in their order, each at the pool's speed.
 *
 * @module
 */
import type { WorkerPresence } from "../../transport/index.ts";
import type { Pod } from "./cluster.ts";

/** A sample in a slot. */
export interface RunningSample {
  readonly task: string;
  readonly sample: number;
  readonly lease: string;
  /** Policy version of its oldest token. */
  readonly oldest: number;
  readonly sinceSeconds: number;
  /** Tokens still to sample when it took the slot. */
  readonly tokens: number;
}

/** What a lease gave the worker and no slot holds yet. */
export type WaitingSample = Pick<RunningSample, "task" | "sample" | "lease">;

/** A worker that is there. */
export interface SimulatedWorker {
  readonly pod: Pod;
  readonly running: Map<string, RunningSample>;
  readonly waiting: WaitingSample[];
  readonly leases: Set<string>;
  /** Slot-seconds that were at work, up to the last change. */
  busySeconds: number;
  readonly sinceSeconds: number;
  changedSeconds: number;
}

/** A worker whose model is loaded. */
export function createWorker(pod: Pod, nowSeconds: number): SimulatedWorker {
  return {
    pod,
    running: new Map(),
    waiting: [],
    leases: new Set(),
    busySeconds: 0,
    sinceSeconds: nowSeconds,
    changedSeconds: nowSeconds,
  };
}

/** Of one slot. */
export function slotSpeed({ pod: { pool } }: SimulatedWorker): number {
  return pool.tokensPerSecond / pool.slots;
}

/** Counts the slots' time up to now; to be called before each change. */
export function countTime(worker: SimulatedWorker, nowSeconds: number): void {
  worker.busySeconds += worker.running.size * (nowSeconds - worker.changedSeconds);
  worker.changedSeconds = nowSeconds;
}

/** Tokens of running samples that are sampled already. */
export function heldTokens(worker: SimulatedWorker, nowSeconds: number): number {
  return [...worker.running.values()].reduce(
    (sum, { sinceSeconds }) => sum + (nowSeconds - sinceSeconds) * slotSpeed(worker),
    0,
  );
}

/** What it says of itself. */
export function presenceOf(worker: SimulatedWorker, policyVersion: number): WorkerPresence {
  const { name, pool } = worker.pod;
  return {
    name,
    pool: pool.name,
    device: "simulated",
    modelDigest: "",
    quantization: "",
    variant: "base",
    slots: pool.slots,
    busySlots: worker.running.size,
    policyVersion,
    tokensPerSecond: worker.running.size * slotSpeed(worker),
    draining: false,
    wait: null,
  };
}
