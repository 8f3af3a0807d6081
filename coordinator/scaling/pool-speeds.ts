import type { WorkerPresence } from "../../transport/index.ts";

/** How fast the workers of each pool are, as they say themselves. */
export interface PoolSpeeds {
  /** Takes in what the workers say now. */
  look(workers: readonly WorkerPresence[], nowMs: number): void;
  /** Null while no worker of the pool was seen at work. */
  of(pool: string): PoolSpeed | null;
}

/** Of one worker of a pool, in the mean. */
export interface PoolSpeed {
  /** With all slots at work. */
  readonly tokensPerSecond: number;
  readonly slots: number;
}

/** What is older than this weighs half. */
const HALF_LIFE_MS = 60_000;
/** A worker with fewer of its slots at work says too little of what it could do. */
const LEAST_BUSY = 0.5;

/** Creates an empty record. It outlives the workers: the speed of a pool that went to zero is known when it comes back. */
export function createPoolSpeeds(): PoolSpeeds {
  const known = new Map<string, PoolSpeed & { readonly atMs: number }>();

  return {
    look: (workers, nowMs) => {
      for (const [pool, members] of byPool(workers.filter(isTelling))) {
        const seen = {
          tokensPerSecond: mean(members.map(fullSpeed)),
          slots: mean(members.map(({ slots }) => slots)),
        };
        const before = known.get(pool);
        const weight = before === undefined ? 1 : 1 - 0.5 ** ((nowMs - before.atMs) / HALF_LIFE_MS);
        const blend = (key: keyof PoolSpeed) => (before?.[key] ?? 0) * (1 - weight) + seen[key] * weight;
        known.set(pool, { tokensPerSecond: blend("tokensPerSecond"), slots: blend("slots"), atMs: nowMs });
      }
    },
    of: (pool) => known.get(pool) ?? null,
  };
}

function isTelling({ busySlots, slots, tokensPerSecond }: WorkerPresence): boolean {
  return tokensPerSecond > 0 && busySlots >= slots * LEAST_BUSY;
}

function fullSpeed({ busySlots, slots, tokensPerSecond }: WorkerPresence): number {
  return (tokensPerSecond * slots) / busySlots;
}

function byPool(workers: readonly WorkerPresence[]): Map<string, WorkerPresence[]> {
  return Map.groupBy(workers, ({ pool }) => pool);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
