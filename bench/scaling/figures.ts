import type { LedgerState } from "../../coordinator/index.ts";
import type { Scenario } from "./scenarios.ts";
import type { SimulatedWorker } from "./simulated-worker.ts";

/** What a run came to. Shares are from 0 to 1. */
export interface Figures {
  readonly seconds: number;
  /** Of the slots' time while their workers were there. */
  readonly idleShare: number;
  /** Of the run's time in which the updater had no batch. */
  readonly starvedShare: number;
  /** Of the accepted rollouts. */
  readonly staleShare: number;
  /** Times that the replicas of a pool went up after they went down, or down after they went up. */
  readonly directionChanges: number;
  /** Of all pods, from the machine's start to its end. */
  readonly cost: number;
  /** For the picture: at each look, pods by pool and steps in stock. */
  readonly looks: readonly Look[];
}

/** One moment. */
export interface Look {
  readonly atSeconds: number;
  /** By pool, in the scenario's order. */
  readonly podsP: readonly number[];
  readonly stockSteps: number;
  readonly isStarved: boolean;
}

/** Figures in the making. */
export interface FigureCounter {
  asked(pool: string, before: number, after: number): void;
  training(nowSeconds: number): void;
  waiting(nowSeconds: number): void;
  left(worker: SimulatedWorker, nowSeconds: number): void;
  look(atSeconds: number, podsP: readonly number[], stockSteps: number): void;
  end(nowSeconds: number, cost: number, state: LedgerState): Figures;
}

/** Begins to count. The updater waits from the start. */
export function createFigures(scenario: Scenario): FigureCounter {
  const directions = new Map(scenario.pools.map(({ name }) => [name, 0]));
  const looks: Look[] = [];
  let changes = 0;
  let slotSeconds = 0;
  let busySeconds = 0;
  let starvedSeconds = 0;
  let waitsSince: number | null = 0;

  return {
    asked: (pool, before, after) => {
      const direction = Math.sign(after - before);
      if (direction === 0) return;
      if (directions.get(pool) === -direction) changes += 1;
      directions.set(pool, direction);
    },
    training: (nowSeconds) => {
      starvedSeconds += nowSeconds - (waitsSince ?? nowSeconds);
      waitsSince = null;
    },
    waiting: (nowSeconds) => {
      waitsSince = nowSeconds;
    },
    left: (worker, nowSeconds) => {
      slotSeconds += worker.pod.pool.slots * (nowSeconds - worker.sinceSeconds);
      busySeconds += worker.busySeconds + worker.running.size * (nowSeconds - worker.changedSeconds);
    },
    look: (atSeconds, podsP, stockSteps) =>
      void looks.push({ atSeconds, podsP, stockSteps, isStarved: waitsSince !== null }),
    end: (nowSeconds, cost, { lanes }) => ({
      seconds: nowSeconds,
      idleShare: 1 - busySeconds / slotSeconds,
      starvedShare: starvedSeconds / nowSeconds,
      staleShare: (lanes.train.skipped.get("stale") ?? 0) / lanes.train.accepted,
      directionChanges: changes,
      cost,
      looks,
    }),
  };
}
