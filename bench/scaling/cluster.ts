/**
 * Pods and machines: what is asked for becomes workers after a start-up, as far as there are machines.
 *
 * @module
 */
import { createRandom } from "../../core/index.ts";
import type { Scenario, ScenarioPool } from "./scenarios.ts";

/** A pod that has a machine. */
export interface Pod {
  readonly name: string;
  readonly pool: ScenarioPool;
  readonly sinceSeconds: number;
  isReady: boolean;
  isGone: boolean;
}

/** A cluster whose pods come and go. */
export interface Cluster {
  /** Asks for replicas of a pool; `removable` orders its ready pods, those that go first first. */
  ask(pool: string, replicas: number, nowSeconds: number): void;
  /** Asked for now. */
  replicas(pool: string): number;
  /** Takes the machines of `pods` of a pool away, and those that nobody uses; gives them back after `seconds`. */
  takeMachines(pool: string, pods: number, seconds: number, nowSeconds: number): void;
  pods(pool: string): readonly Pod[];
  /** Money spent so far, as of `nowSeconds`. */
  cost(nowSeconds: number): number;
}

/** What a cluster tells of its pods. */
export interface ClusterEvents {
  plan(atSeconds: number, act: () => void): void;
  onReady(pod: Pod): void;
  /** A ready pod goes; one whose machine was taken goes without a word. */
  onGone(pod: Pod, how: "drained" | "taken"): void;
  /** The order in which ready pods of a pool go. */
  firstToGo(pods: readonly Pod[]): readonly Pod[];
}

const START_SPREAD = 0.2;
const HOUR = 3_600;

/** Creates a cluster with machines for every pool's most, and no pod. */
export function createCluster(scenario: Scenario, seed: number, events: ClusterEvents): Cluster {
  const pools = new Map(
    scenario.pools.map((pool) => [pool.name, { pool, replicas: 0, machines: pool.max, pods: [] as Pod[] }]),
  );
  const random = createRandom(`${scenario.name}/${seed}/starts`);
  let count = 0;
  let spent = 0;

  function start(entry: ReturnType<typeof entryOf>, nowSeconds: number): void {
    const pod: Pod = {
      name: `${entry.pool.name}-${count++}`,
      pool: entry.pool,
      sinceSeconds: nowSeconds,
      isReady: false,
      isGone: false,
    };
    entry.pods.push(pod);
    const takes = entry.pool.startSeconds * (1 + START_SPREAD * (2 * random() - 1));
    events.plan(nowSeconds + takes, () => {
      if (pod.isGone) return;
      pod.isReady = true;
      events.onReady(pod);
    });
  }

  function end(
    entry: ReturnType<typeof entryOf>,
    pod: Pod,
    how: "drained" | "taken",
    nowSeconds: number,
  ): void {
    pod.isGone = true;
    entry.pods.splice(entry.pods.indexOf(pod), 1);
    spent += ((nowSeconds - pod.sinceSeconds) * pod.pool.cost) / HOUR;
    if (pod.isReady) events.onGone(pod, how);
  }

  /** Pods beyond the replicas go, those that are not ready first; missing ones start where there are machines. */
  function reconcile(entry: ReturnType<typeof entryOf>, nowSeconds: number): void {
    const starting = entry.pods.filter(({ isReady }) => !isReady).reverse();
    const order = [...starting, ...events.firstToGo(entry.pods.filter(({ isReady }) => isReady))];
    for (const pod of order.slice(0, Math.max(0, entry.pods.length - entry.replicas)))
      end(entry, pod, "drained", nowSeconds);
    while (entry.pods.length < Math.min(entry.replicas, entry.machines)) start(entry, nowSeconds);
  }

  function entryOf(pool: string) {
    const entry = pools.get(pool);
    if (entry === undefined) throw new Error(`there is no pool ${pool}`);
    return entry;
  }

  return {
    ask: (pool, replicas, nowSeconds) => {
      const entry = entryOf(pool);
      entry.replicas = Math.max(0, Math.min(entry.pool.max, replicas));
      reconcile(entry, nowSeconds);
    },
    replicas: (pool) => entryOf(pool).replicas,
    takeMachines: (pool, wanted, seconds, nowSeconds) => {
      const entry = entryOf(pool);
      const taken = entry.pods.slice(0, wanted);
      const left = entry.pods.length - taken.length;
      const lost = entry.machines - left;
      entry.machines = left;
      for (const pod of taken) end(entry, pod, "taken", nowSeconds);
      events.plan(nowSeconds + seconds, () => {
        entry.machines += lost;
        reconcile(entry, nowSeconds + seconds);
      });
    },
    pods: (pool) => entryOf(pool).pods,
    cost: (nowSeconds) =>
      spent +
      [...pools.values()].reduce(
        (sum, { pods }) =>
          sum +
          pods.reduce(
            (of, { sinceSeconds, pool }) => of + ((nowSeconds - sinceSeconds) * pool.cost) / HOUR,
            0,
          ),
        0,
      ),
  };
}
