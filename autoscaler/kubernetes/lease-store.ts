import { type CoordinationV1Api, type V1Lease, V1MicroTime } from "@kubernetes/client-node";
import { systemClock } from "../../core/index.ts";
import type { LeaseRecord, LeaseStore } from "../leader.ts";
import { asking, httpStatusOf, LeaseTakenError } from "./errors.ts";

/** A Lease of `coordination.k8s.io` in a namespace. */
export function createLeaseStore(api: CoordinationV1Api, namespace: string, name: string): LeaseStore {
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
        metadata: { name, namespace, ...(before !== null && { resourceVersion: before.version }) },
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

function recordOf({ metadata, spec }: V1Lease): LeaseRecord {
  return {
    holder: spec?.holderIdentity ?? "",
    durationSeconds: spec?.leaseDurationSeconds ?? 0,
    version: metadata?.resourceVersion ?? "",
  };
}
