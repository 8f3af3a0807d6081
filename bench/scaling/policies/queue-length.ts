import { GROUP } from "../scenarios.ts";
import type { Policy, PolicyView } from "../simulate.ts";

/** As Kubernetes' own: smaller deviations change nothing. */
const TOLERANCE = 0.1;
/** Before replicas fall, the most of so long a time counts. */
const DOWN_WINDOW_SECONDS = 300;
/** Without any task for so long, a Deployment goes to zero. */
const COOL_DOWN_SECONDS = 300;
/** A step up at most doubles, or adds so many. */
const LEAST_STEP = 4;

/**
 * What one gets with a horizontal autoscaler a pool on the length of the queue of tasks, at its defaults. Each pool is
 * to have a third of the tasks, as many a worker as it decodes at once; an idle Deployment goes to zero as KEDA does it.
 */
export function createQueueLengthPolicy(): Policy {
  const wished = new Map<string, { readonly atSeconds: number; readonly replicas: number }[]>();
  let lastTaskSeconds = 0;

  function decidePool({ nowSeconds, cluster, scenario }: PolicyView, name: string, tasks: number): number {
    const pool = scenario.pools.find((candidate) => candidate.name === name);
    if (pool === undefined) return 0;
    const replicas = cluster.replicas(name);
    if (tasks === 0 && nowSeconds - lastTaskSeconds > COOL_DOWN_SECONDS) return 0;
    const wish = Math.min(pool.max, wishOf(tasks, pool.slots / GROUP, scenario.pools.length, replicas));
    const past = (wished.get(name) ?? []).filter(
      ({ atSeconds }) => nowSeconds - atSeconds <= DOWN_WINDOW_SECONDS,
    );
    past.push({ atSeconds: nowSeconds, replicas: wish });
    wished.set(name, past);
    if (wish >= replicas) return Math.min(wish, Math.max(2 * replicas, replicas + LEAST_STEP));
    return Math.min(replicas, Math.max(...past.map((entry) => entry.replicas)));
  }

  return {
    name: "queue length",
    sparesWork: false,
    decide: (view) => {
      const tasks = [...view.state.tasks.values()].filter(({ open }) => open > 0).length;
      if (tasks > 0) lastTaskSeconds = view.nowSeconds;
      return new Map(view.scenario.pools.map(({ name }) => [name, decidePool(view, name, tasks)]));
    },
  };
}

function wishOf(tasks: number, tasksOfWorker: number, pools: number, replicas: number): number {
  const wish = tasks / pools / tasksOfWorker;
  if (replicas > 0 && Math.abs(wish / replicas - 1) <= TOLERANCE) return replicas;
  return Math.max(1, Math.ceil(wish));
}
