/**
 * What is to be done in the cluster. Pure: from what the coordinator wants and what the cluster has.
 *
 * @module
 */
import type { PoolReportInit, ScalingAnswer } from "../proto/index.ts";

/** A pod of a pool. */
export interface PoolPod {
  readonly name: string;
  /** Null where none is written. */
  readonly deletionCost: number | null;
  /** Being deleted. */
  readonly isGoing: boolean;
  /** Why it does not come up, in the cluster's words; empty when it does. */
  readonly trouble: string;
}

/** A pool as the cluster has it. */
export interface PoolState {
  readonly name: string;
  /** Asked of the cluster; null where there is no such Deployment. */
  readonly replicas: number | null;
  readonly pods: readonly PoolPod[];
}

/** Something to be written, in this order. */
export type Action =
  /** The pod goes before those of the same pool with a higher cost. */
  | { readonly type: "deletion-cost"; readonly pod: string; readonly cost: number }
  | { readonly type: "replicas"; readonly pool: string; readonly from: number; readonly to: number };

/** Below every worker's: a pod whose worker is not there has nothing to lose. */
const NOT_THERE = -1;

/**
 * What to write. Where a pool is to shrink, its pods first get their places: those go first whose workers lose least.
 *
 * @param writesReplicas - else only the places are written, at all times: who sets the replicas asks nobody first
 */
export function actionsOf(
  { pools: wanted, workers }: ScalingAnswer,
  states: readonly PoolState[],
  writesReplicas: boolean,
): Action[] {
  return wanted.flatMap(({ name, replicas: to }) => {
    const state = states.find((pool) => pool.name === name);
    const from = state?.replicas ?? null;
    if (state === undefined || from === null) return [];
    const order = workers.filter(({ pool }) => pool === name).map((worker) => worker.name);
    const mayShrink = writesReplicas ? to < from : order.length > 0;
    const costs = mayShrink ? costsOf(state.pods, order) : [];
    return writesReplicas && from !== to
      ? [...costs, { type: "replicas" as const, pool: name, from, to }]
      : costs;
  });
}

/** What the coordinator is told of the pools. */
export function reportsOf(
  states: readonly PoolState[],
  deployments: ReadonlyMap<string, string>,
): PoolReportInit[] {
  return states.map(({ name, replicas, pods }) => ({
    name,
    replicas: replicas ?? 0,
    trouble:
      replicas === null
        ? `there is no Deployment ${deployments.get(name)} in the namespace`
        : (pods.find(({ trouble }) => trouble !== "")?.trouble ?? ""),
  }));
}

/** @param order - names of workers, those that go first first */
function costsOf(pods: readonly PoolPod[], order: readonly string[]): Action[] {
  return pods
    .filter(({ isGoing }) => !isGoing)
    .map(({ name, deletionCost }) => {
      const place = order.indexOf(name);
      return { name, deletionCost, cost: place === -1 ? NOT_THERE : place };
    })
    .filter(({ deletionCost, cost }) => deletionCost !== cost)
    .map(({ name, cost }) => ({ type: "deletion-cost", pod: name, cost }));
}
