import {
  type CoordinationV1Api,
  type V1Lease,
  V1MicroTime,
  type V1ObjectMeta,
} from "@kubernetes/client-node";
import { systemClock } from "../../core/index.ts";
import type { LeaseRecord, LeaseStore } from "../leader.ts";
import { asking, httpStatusOf, LeaseTakenError } from "./errors.ts";

/** A Lease of `coordination.k8s.io` in a namespace. What else is written on it, such as Helm's labels, stays. */
export function createLeaseStore(api: CoordinationV1Api, namespace: string, name: string): LeaseStore {
  let metadata: V1ObjectMeta | undefined;

  function recordOf(lease: V1Lease): LeaseRecord {
    metadata = lease.metadata;
    return {
      holder: lease.spec?.holderIdentity ?? "",
      durationSeconds: lease.spec?.leaseDurationSeconds ?? 0,
      version: metadata?.resourceVersion ?? "",
    };
  }

  return {
    read: async () => {
      const lease = await asking(
        `read the Lease ${name}`,
        api.readNamespacedLease({ namespace, name }).catch((error: unknown) => {
          if (httpStatusOf(error) === 404) return null;
          throw error;
        }),
      );
      return lease && recordOf(lease);
    },
    write: async (holder, durationSeconds, before) => {
      const now = new V1MicroTime(systemClock.wallMs());
      const body: V1Lease = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: before === null ? { name, namespace } : { ...metadata, resourceVersion: before.version },
        spec: { holderIdentity: holder, leaseDurationSeconds: durationSeconds, renewTime: now },
      };
      const written =
        before === null
          ? api.createNamespacedLease({ namespace, body })
          : api.replaceNamespacedLease({ namespace, name, body });
      const lease = await asking(
        `write the Lease ${name}`,
        written.catch((cause: unknown) => {
          if (httpStatusOf(cause) !== 409) throw cause;
          throw new LeaseTakenError(`another autoscaler wrote the Lease ${name}`, { cause });
        }),
      );
      return recordOf(lease);
    },
  };
}
