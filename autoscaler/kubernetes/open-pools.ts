/**
 * The Deployments of a release's pools, and their pods. Pods are watched, replicas are asked for: one small read a pool.
 *
 * @module
 */

import { existsSync } from "node:fs";
import {
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import type { Logger } from "../../telemetry/index.ts";
import type { PoolState } from "../carry-out.ts";
import type { LeaseStore } from "../leader.ts";
import { asking, httpStatusOf, KubernetesUnusableError } from "./errors.ts";
import { createLeaseStore } from "./lease-store.ts";
import { DELETION_COST, type WatchedPods, watchPods } from "./watch-pods.ts";

/** What is needed to find them. */
export interface PoolsOptions {
  readonly namespace: string;
  readonly release: string;
  readonly deployments: ReadonlyMap<string, string>;
  readonly kubeconfig: string | null;
  readonly logger: Logger;
}

/** The pools in the cluster. Disposing ends what watches them. */
export interface Pools extends AsyncDisposable {
  /** Looks at these pools' Deployments, and forgets all others. @throws {KubernetesError} */
  look(names: readonly string[]): Promise<void>;
  /** As last looked at. */
  known(): PoolState[];
  /** Names of the Deployments by pool. */
  deployments(): ReadonlyMap<string, string>;
  setReplicas(pool: string, replicas: number): Promise<void>;
  setDeletionCost(pod: string, cost: number): Promise<void>;
  readonly lease: LeaseStore;
}

/** What is known of one pool. */
interface Known {
  readonly deployment: string;
  replicas: number | null;
  pods: WatchedPods | null;
}

const MANAGER = "fleet-autoscaler";

/**
 * Opens the cluster of a kubeconfig, else the one that this process runs in.
 *
 * @throws {KubernetesUnusableError} when there is neither
 */
export function openPools({ namespace, release, deployments, kubeconfig, logger }: PoolsOptions): Pools {
  const config = clusterConfig(kubeconfig);
  const apps = config.makeApiClient(AppsV1Api);
  const core = config.makeApiClient(CoreV1Api);
  const pools = new Map<string, Known>();

  function knownOf(name: string): Known {
    const fresh = {
      deployment: deployments.get(name) ?? `${release}-worker-${name}`,
      replicas: null,
      pods: null,
    };
    const known = pools.get(name) ?? fresh;
    pools.set(name, known);
    return known;
  }

  async function look(name: string): Promise<void> {
    const known = knownOf(name);
    const scale = await asking(
      `read the scale of Deployment ${known.deployment}`,
      apps.readNamespacedDeploymentScale({ name: known.deployment, namespace }).catch((error: unknown) => {
        if (httpStatusOf(error) === 404) return null;
        throw error;
      }),
    );
    known.replicas = scale === null ? null : (scale.spec?.replicas ?? 0);
    const selector = scale?.status?.selector;
    if (known.pods === null && selector !== undefined)
      known.pods = await watchPods({ config, core, namespace, selector, logger });
  }

  async function forget(name: string): Promise<void> {
    const pods = pools.get(name)?.pods;
    pools.delete(name);
    await pods?.[Symbol.asyncDispose]();
  }

  return {
    look: async (names) => {
      await Promise.all([...pools.keys()].filter((name) => !names.includes(name)).map(forget));
      await Promise.all(names.map(look));
    },
    known: () =>
      [...pools].map(([name, { replicas, pods }]) => ({ name, replicas, pods: pods?.list() ?? [] })),
    deployments: () => new Map([...pools].map(([name, { deployment }]) => [name, deployment])),
    setReplicas: async (pool, replicas) => {
      const { deployment: name } = knownOf(pool);
      const body = {
        apiVersion: "autoscaling/v1",
        kind: "Scale",
        metadata: { name, namespace },
        spec: { replicas },
      };
      await asking(
        `set the replicas of Deployment ${name} to ${replicas}`,
        apps.patchNamespacedDeploymentScale(
          { name, namespace, body, fieldManager: MANAGER, force: true },
          setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply),
        ),
      );
      knownOf(pool).replicas = replicas;
    },
    setDeletionCost: async (pod, cost) => {
      const body = { metadata: { annotations: { [DELETION_COST]: String(cost) } } };
      await asking(
        `write the deletion cost of pod ${pod}`,
        core
          .patchNamespacedPod(
            { name: pod, namespace, body, fieldManager: MANAGER },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
          )
          .catch((error: unknown) => {
            if (httpStatusOf(error) !== 404) throw error; // It is gone already.
          }),
      );
    },
    lease: createLeaseStore(config.makeApiClient(CoordinationV1Api), namespace, `${release}-autoscaler`),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...pools.values()].map(({ pods }) => pods?.[Symbol.asyncDispose]()));
    },
  };
}

/** Where a pod finds who it is. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token";

function clusterConfig(kubeconfig: string | null): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === null && !existsSync(SERVICE_ACCOUNT)) {
    throw new KubernetesUnusableError(
      "there is no cluster: run this in a pod with a service account, or name a kubeconfig with --kubeconfig",
    );
  }
  try {
    if (kubeconfig === null) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KubernetesUnusableError(`${kubeconfig ?? "the service account"} cannot be used: ${why}`, {
      cause,
    });
  }
  if (config.getCurrentCluster() !== null) return config;
  throw new KubernetesUnusableError(`${kubeconfig} names no current cluster: set its current-context`);
}
