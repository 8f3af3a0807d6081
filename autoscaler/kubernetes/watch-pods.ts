import { type CoreV1Api, type KubeConfig, makeInformer, type V1Pod } from "@kubernetes/client-node";
import { pause } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import type { PoolPod } from "../carry-out.ts";
import { asking } from "./errors.ts";

/** Annotation by which a ReplicaSet chooses which of its pods go first. */
export const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

/** What is watched. */
export interface WatchOptions {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly namespace: string;
  /** Of labels. */
  readonly selector: string;
  readonly logger: Logger;
}

/** The pods that a selector finds, as they are. Disposing ends the watch. */
export interface WatchedPods extends AsyncDisposable {
  list(): PoolPod[];
}

/** A watch that broke is begun again after so long. */
const AGAIN_MS = 5_000;

/** Begins to watch; resolves once the pods of now are known. */
export async function watchPods({
  config,
  core,
  namespace,
  selector,
  logger,
}: WatchOptions): Promise<WatchedPods> {
  const over = new AbortController();
  const list = () => core.listNamespacedPod({ namespace, labelSelector: selector });
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, list, selector);
  const begin = () => asking("watch the pods", informer.start());
  informer.on("error", (error: unknown) => {
    if (over.signal.aborted) return;
    logger.debug("watch of pods broke; begun again", { error });
    void beginAgain();
  });

  async function beginAgain(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(AGAIN_MS, over.signal);
      if (over.signal.aborted) return;
      try {
        return await begin();
      } catch (error) {
        logger.warn("pods cannot be watched", { error });
      }
    }
  }

  await begin();
  return {
    list: () => informer.list().map(podOf),
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await informer.stop();
    },
  };
}

function podOf({ metadata, status }: V1Pod): PoolPod {
  const cost = metadata?.annotations?.[DELETION_COST];
  return {
    name: metadata?.name ?? "",
    deletionCost: cost === undefined ? null : Number(cost),
    isGoing: metadata?.deletionTimestamp !== undefined,
    trouble: troubleOf(status),
  };
}

/** Reasons for which a container waits in the ordinary course. */
const ORDINARY = new Set(["ContainerCreating", "PodInitializing"]);

function troubleOf(status: V1Pod["status"]): string {
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return scheduled.message ?? scheduled.reason ?? "not scheduled";
  for (const { state } of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const { reason = "", message = "" } = state?.waiting ?? {};
    if (reason !== "" && !ORDINARY.has(reason)) return message === "" ? reason : `${reason}: ${message}`;
  }
  return "";
}
