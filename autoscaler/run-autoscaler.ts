/**
 * Carries out in a Kubernetes cluster what the coordinator says about the size of its pools.
 *
 * @module
 */
import { backoffMs, pause, systemClock, withDeadline } from "../core/index.ts";
import type { ScalingAnswer } from "../proto/index.ts";
import { type Logger, noTelemetry, type Telemetry } from "../telemetry/index.ts";
import { type FleetClient, openFleetClient } from "../transport/index.ts";
import { type Action, actionsOf, type PoolState, reportsOf } from "./carry-out.ts";
import { openPools, type Pools } from "./kubernetes/open-pools.ts";
import { createLeader, type Leader } from "./leader.ts";

/** What an autoscaler is told. */
export interface AutoscalerOptions {
  /** How the coordinator is reached. */
  readonly coordinator: Omit<Parameters<typeof openFleetClient>[0], "name">;
  readonly namespace: string;
  /** Name of the Helm release: pool `p` is Deployment `RELEASE-worker-p`, the Lease is `RELEASE-autoscaler`. */
  readonly release: string;
  /** Deployments of pools that are called otherwise. */
  readonly deployments: ReadonlyMap<string, string>;
  /** Else only the order in which pods go is written, and KEDA sets the replicas. */
  readonly writesReplicas: boolean;
  /** A kubeconfig; null: the cluster that this process runs in. */
  readonly kubeconfig: string | null;
  /** Unique among the autoscalers of the release; a pod's name. */
  readonly identity: string;
  /** How often it asks. */
  readonly everyMs: number;
  readonly logger: Logger;
  readonly telemetry?: Telemetry;
}

const NOT_SIZED = "the pools were not sized when it tried last; its log says why";
const LONGEST_BACKOFF_MS = 60_000;
/** Well below the Lease's duration. */
const LEASE_DEADLINE_MS = 5_000;
/** One look at the cluster, one at the coordinator, and what follows. */
const ROUND_DEADLINE_MS = 60_000;

/**
 * Runs until `stop`. Where the coordinator or the cluster does not answer, nothing is changed, and it is asked again, ever
 * more rarely.
 *
 * @throws {KubernetesUnusableError} when there is no cluster to speak to
 */
export async function runAutoscaler(options: AutoscalerOptions, stop: AbortSignal): Promise<void> {
  const { logger, everyMs, telemetry = noTelemetry } = options;
  await using client = openFleetClient({ ...options.coordinator, name: `autoscaler ${options.identity}` });
  await using pools = openPools(options);
  telemetry.health.started();
  const leader = createLeader(pools.lease, options.identity, systemClock);
  const tell = createTeller(logger);
  let failures = 0;
  while (!stop.aborted) {
    const error = await tryRound();
    failures = error === null ? 0 : failures + 1;
    telemetry.health.lacks("pools", error === null ? null : NOT_SIZED);
    if (error !== null && !stop.aborted) logger.warn("pools not sized; asked again", { error });
    await pause(failures === 0 ? everyMs : backoffMs(failures, everyMs, LONGEST_BACKOFF_MS), stop);
  }
  await giveBack(leader, logger);

  async function tryRound(): Promise<unknown> {
    try {
      const leads = await withDeadline("the lease of the autoscaler", LEASE_DEADLINE_MS, leader.hold(), stop);
      tell(leads);
      if (!leads) return null;
      // What hangs is left behind, and does nothing more once it comes back.
      const round = AbortSignal.any([stop, AbortSignal.timeout(ROUND_DEADLINE_MS)]);
      const sized = sizePools(options, client, pools, leader, round);
      await withDeadline("the pools to be sized", ROUND_DEADLINE_MS, sized, stop);
      return null;
    } catch (error) {
      return error;
    }
  }
}

/** Says when it changes who leads. */
function createTeller(logger: Logger): (leads: boolean) => void {
  let led: boolean | null = null;
  return (leads) => {
    if (leads !== led) logger.info(leads ? "leads: sizes the pools" : "follows: another sizes the pools");
    led = leads;
  };
}

async function giveBack(leader: Leader, logger: Logger): Promise<void> {
  try {
    await withDeadline("the lease to be given back", LEASE_DEADLINE_MS, leader.release());
  } catch (error) {
    logger.warn("lease not given back", { error });
  }
}

async function sizePools(
  options: AutoscalerOptions,
  client: FleetClient,
  pools: Pools,
  leader: Leader,
  stop: AbortSignal,
): Promise<void> {
  const ask = (states: readonly PoolState[]) =>
    client.scaling({ pools: reportsOf(states, pools.deployments()) }, { signal: stop });
  // Which pools there are is the coordinator's to say: of one that an upgrade took away nothing may be read any more.
  const { pools: named } = await ask([]);
  if (named.length === 0) return; // It has not decided anything yet.
  await pools.look(named.map(({ name }) => name));
  const answer = await ask(pools.known());
  for (const action of actionsOf(answer, pools.known(), options.writesReplicas)) {
    if (stop.aborted || !(await leader.hold())) return;
    await carryOut(options, pools, action, answer);
  }
}

async function carryOut(
  { logger }: AutoscalerOptions,
  pools: Pools,
  action: Action,
  { why }: ScalingAnswer,
): Promise<void> {
  if (action.type === "deletion-cost") return pools.setDeletionCost(action.pod, action.cost);
  const { pool, from, to } = action;
  await pools.setReplicas(pool, to);
  logger.info("pool sized", { pool, from, to, why });
}
