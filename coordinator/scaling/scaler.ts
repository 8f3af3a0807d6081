/**
 * What is asked of the cluster now, and since when: the memory that the decision itself has none of.
 *
 * @module
 */
import type { WorkerPresence } from "../../transport/index.ts";
import type { ScalingConfig } from "../config.ts";
import type { LedgerState } from "../ledger/state.ts";
import { decideReplicas, type PoolNow } from "./decide-replicas.ts";
import { createPoolSpeeds } from "./pool-speeds.ts";
import { completionTokens, readDemand } from "./read-demand.ts";

/** What the cluster says of one pool. */
export interface PoolReport {
  readonly name: string;
  /** Asked of the cluster. */
  readonly replicas: number;
  /** Why pods of it do not come up, in the cluster's words; empty when they do. */
  readonly trouble: string;
}

/** What one pool is to have. */
export interface PoolPlan {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly replicas: number;
  readonly present: number;
  /** Of one worker; 0 while unknown. */
  readonly tokensPerSecond: number;
  /** Why it does not have what it is to have; empty when nothing is wrong. */
  readonly trouble: string;
}

/** What is asked of the cluster. */
export interface ScalingPlan {
  readonly pools: readonly PoolPlan[];
  /** One sentence: why. */
  readonly why: string;
}

/** What a scaler decides from. */
export interface ScalerParts {
  readonly config: ScalingConfig;
  readonly state: LedgerState;
  /** Held-out instances that there are. */
  readonly heldOut: number;
  /** Most tokens of a completion. */
  readonly maxTokens: number;
}

/** The replicas of a run's pools. */
export interface Scaler {
  /** Takes in who is there, and decides again. */
  look(workers: readonly WorkerPresence[], nowMs: number): void;
  /** Takes in what the cluster says. */
  report(pools: readonly PoolReport[]): void;
  /** The newest plan; null before the first, and where no pool is scaled. */
  plan(): ScalingPlan | null;
  /**
   * Its replicas by pool, for whoever carries them out without saying first what the cluster has: null until every pool was
   * reported, or nobody has reported for a while.
   */
  replicas(): ReadonlyMap<string, number> | null;
}

/** Longer than an autoscaler that found nobody waits before it asks again. */
const UNREPORTED_MS = 90_000;

/** What is remembered of a pool. */
interface Asked {
  replicas: number;
  /** Since when fewer are there, from when more were last asked for on; null while all are. */
  shortSinceMs: number | null;
}

/**
 * Creates a scaler that has decided nothing yet. It starts from the workers that are there, or, where the cluster has
 * reported, from what was asked of it.
 */
export function createScaler({ config, state, heldOut, maxTokens }: ScalerParts): Scaler {
  const speeds = createPoolSpeeds();
  const asked = new Map<string, Asked>();
  const reported = new Map<string, PoolReport>();
  let plan: ScalingPlan | null = null;
  let firstMs: number | null = null;
  let last: { readonly workers: readonly WorkerPresence[]; readonly nowMs: number } | null = null;

  function askedOf(name: string, present: number): Asked {
    const known = asked.get(name);
    if (known !== undefined) return known;
    const replicas = Math.max(present, reported.get(name)?.replicas ?? 0);
    const fresh = { replicas, shortSinceMs: null };
    asked.set(name, fresh);
    return fresh;
  }

  function poolNow(
    pool: ScalingConfig["pools"][number],
    workers: readonly WorkerPresence[],
    nowMs: number,
  ): PoolNow {
    const ready = workers.filter((worker) => worker.pool === pool.name).length;
    const speed = speeds.of(pool.name);
    const memory = askedOf(pool.name, ready);
    memory.shortSinceMs = ready < memory.replicas ? (memory.shortSinceMs ?? nowMs) : null;
    return {
      ...pool,
      min: isOver(state) ? 0 : pool.min,
      tokensPerSecond: speed?.tokensPerSecond ?? pool.tokensPerSecond,
      completionSeconds:
        speed === null ? 0 : (completionTokens(state, maxTokens) * speed.slots) / speed.tokensPerSecond,
      replicas: memory.replicas,
      ready,
      shortForSeconds: (nowMs - (memory.shortSinceMs ?? nowMs)) / 1_000,
    };
  }

  /** When the run is over nobody looks any more. */
  function planNow(): ScalingPlan | null {
    if (plan === null || !isOver(state)) return plan;
    const pools = plan.pools.map((pool) => ({ ...pool, min: 0, replicas: 0, trouble: "" }));
    return { why: `the run is ${state.phase}`, pools };
  }

  /** Else those that are still on their way would not be counted, and be deleted. */
  function knowsTheCluster(): boolean {
    if (isOver(state) || config.pools.every(({ name }) => reported.has(name))) return true;
    return last !== null && firstMs !== null && last.nowMs - firstMs >= UNREPORTED_MS;
  }

  /** What the cluster has already is not asked for anew by a coordinator that has just started. */
  function adopt(name: string, replicas: number, nowMs: number): void {
    const memory = askedOf(name, 0);
    if (replicas > memory.replicas) Object.assign(memory, { replicas, shortSinceMs: nowMs });
  }

  function look(workers: readonly WorkerPresence[], nowMs: number): void {
    if (config.pools.length === 0) return;
    firstMs ??= nowMs;
    last = { workers, nowMs };
    speeds.look(workers, nowMs);
    const heldTokens = workers.reduce((sum, { busySlots }) => sum + busySlots, 0) / 2;
    const demand = readDemand(state, {
      nowMs,
      maxTokens,
      heldOut,
      heldTokens: heldTokens * completionTokens(state, maxTokens),
    });
    const pools = config.pools.map((pool) => poolNow(pool, workers, nowMs));
    const { replicas, why, short, tooSlow } = decideReplicas(demand, pools);
    plan = {
      why,
      pools: pools.map((pool) => {
        const memory = askedOf(pool.name, pool.ready);
        const wanted = replicas.get(pool.name) ?? 0;
        if (wanted > memory.replicas) memory.shortSinceMs = nowMs;
        memory.replicas = wanted;
        return planOf(pool, wanted, {
          isShort: short.includes(pool.name),
          isTooSlow: tooSlow.includes(pool.name),
          said: reported.get(pool.name)?.trouble ?? "",
        });
      }),
    };
  }

  return {
    look,
    report: (pools) => {
      const first = pools.filter(({ name }) => !reported.has(name));
      for (const pool of pools) reported.set(pool.name, pool);
      if (last === null || first.length === 0) return;
      for (const { name, replicas } of first) adopt(name, replicas, last.nowMs);
      look(last.workers, last.nowMs);
    },
    plan: planNow,
    replicas: () => {
      const now = knowsTheCluster() ? planNow() : null;
      return now && new Map(now.pools.map(({ name, replicas }) => [name, replicas]));
    },
  };
}

function isOver({ phase }: LedgerState): boolean {
  return phase === "ended" || phase === "failed";
}

function planOf(
  { name, min, max, ready, tokensPerSecond, completionSeconds }: PoolNow,
  replicas: number,
  judged: { readonly isShort: boolean; readonly isTooSlow: boolean; readonly said: string },
): PoolPlan {
  const trouble = () => {
    if (ready < replicas && judged.said !== "") return judged.said;
    if (judged.isShort) return `${ready} of ${replicas} workers came up; other pools stand in for the rest`;
    if (!judged.isTooSlow) return "";
    return `a completion takes ${Math.round(completionSeconds)} s here, so that its rollouts would be stale`;
  };
  return {
    name,
    min,
    max,
    replicas,
    present: ready,
    tokensPerSecond: tokensPerSecond ?? 0,
    trouble: trouble(),
  };
}
