import {
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  PatchStrategy,
  RbacAuthorizationV1Api,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runAutoscaler } from "../../autoscaler/index.ts";
import { type ControlPlane, hasControlPlane, openControlPlane } from "../support/control-plane.ts";
import { FencedError, serve, TOKEN } from "../support/fleet-over-grpc.ts";
import { openScalingCoordinator } from "../support/scaling-coordinator.ts";
import { silentLogger } from "../support/silent-logger.ts";

const NAMESPACE = "default";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const EVENTUALLY = { timeout: 30_000, interval: 200 };

let plane: ControlPlane;
let apps: AppsV1Api;
let core: CoreV1Api;

/** Starts one; `stop` resolves once it has ended. */
function startAutoscaler(
  release: string,
  address: string,
  how: { readonly identity?: string; readonly writesReplicas?: boolean } = {},
) {
  const over = new AbortController();
  const { identity = "a", writesReplicas = true } = how;
  const ended = runAutoscaler(
    {
      coordinator: { address, token: TOKEN },
      namespace: NAMESPACE,
      release,
      deployments: new Map(),
      writesReplicas,
      kubeconfig: plane.autoscaler,
      identity,
      everyMs: 250,
      logger: silentLogger,
    },
    over.signal,
  );
  const stop = async () => {
    over.abort();
    await ended;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

async function createPool(release: string, replicas: number, pool = "spot"): Promise<void> {
  const labels = { app: release, pool };
  const body = {
    metadata: { name: `${release}-worker-${pool}` },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "worker", image: "none" }] } },
    },
  };
  await apps.createNamespacedDeployment({ namespace: NAMESPACE, body });
}

const podsOf = async (release: string) =>
  (await core.listNamespacedPod({ namespace: NAMESPACE, labelSelector: `app=${release}` })).items;
const namesOf = async (release: string) =>
  (await podsOf(release)).map(({ metadata }) => metadata?.name ?? "").sort();
const replicasOf = async (release: string) =>
  (await apps.readNamespacedDeployment({ namespace: NAMESPACE, name: `${release}-worker-spot` })).spec
    ?.replicas;

/** The rights that docs/scaling.md says an autoscaler needs, and no other. */
async function grantRights(): Promise<void> {
  const rbac = plane.admin.makeApiClient(RbacAuthorizationV1Api);
  const rules = [
    { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get", "patch"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch", "patch"] },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"] },
  ];
  await rbac.createNamespacedRole({
    namespace: NAMESPACE,
    body: { metadata: { name: "autoscaler" }, rules },
  });
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "autoscaler" };
  const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "autoscaler" }];
  const body = { metadata: { name: "autoscaler" }, roleRef, subjects };
  await rbac.createNamespacedRoleBinding({ namespace: NAMESPACE, body });
}

describe.runIf(hasControlPlane())("The autoscaler, on a real Kubernetes API,", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    plane = await openControlPlane();
    apps = plane.admin.makeApiClient(AppsV1Api);
    core = plane.admin.makeApiClient(CoreV1Api);
    await grantRights();
  }, 120_000);
  afterAll(() => plane[Symbol.asyncDispose]());

  it("takes a pool from zero to what is wanted and back, first those whose workers lose least", async () => {
    await createPool("grow", 0);
    await using coordinator = await openScalingCoordinator();
    await using _ = startAutoscaler("grow", coordinator.address);

    coordinator.wanted.replicas = 3;
    await expect.poll(() => namesOf("grow"), EVENTUALLY).toHaveLength(3);
    const [first = "", second = "", third = ""] = await namesOf("grow");
    Object.assign(coordinator.wanted, { replicas: 1, order: [third, first, second] });
    await expect.poll(() => namesOf("grow"), EVENTUALLY).toEqual([second]);
    coordinator.wanted.replicas = 0;

    await expect.poll(() => namesOf("grow"), EVENTUALLY).toEqual([]);
  });

  it("only says which pods go first where KEDA sets the replicas", async () => {
    await createPool("keda", 2);
    await expect.poll(() => namesOf("keda"), EVENTUALLY).toHaveLength(2);
    const [first = "", second = ""] = await namesOf("keda");
    await using coordinator = await openScalingCoordinator();
    Object.assign(coordinator.wanted, { replicas: 1, order: [second, first] });

    await using _ = startAutoscaler("keda", coordinator.address, { writesReplicas: false });

    const costs = async () =>
      Object.fromEntries(
        (await podsOf("keda")).map(({ metadata }) => [
          metadata?.name,
          metadata?.annotations?.[DELETION_COST],
        ]),
      );
    await expect.poll(costs, EVENTUALLY).toEqual({ [second]: "0", [first]: "1" });
    expect(await replicasOf("keda")).toBe(2);
  });

  it("leaves the pools to the one that holds the Lease, which goes to the other when that one ends", async () => {
    await createPool("two", 0);
    await using one = await openScalingCoordinator();
    await using other = await openScalingCoordinator();
    one.wanted.replicas = 1;
    other.wanted.replicas = 2;
    const leases = plane.admin.makeApiClient(CoordinationV1Api);
    const holder = async () =>
      (await leases.readNamespacedLease({ namespace: NAMESPACE, name: "two-autoscaler" })).spec
        ?.holderIdentity;
    const version = async () =>
      (await leases.readNamespacedLease({ namespace: NAMESPACE, name: "two-autoscaler" })).metadata
        ?.resourceVersion;

    await using first = startAutoscaler("two", one.address, { identity: "first" });
    await expect.poll(() => replicasOf("two"), EVENTUALLY).toBe(1);
    await using _ = startAutoscaler("two", other.address, { identity: "second" });
    const versions = new Set<string | undefined>();
    const renewals = async () => versions.add(await version()).size;
    await expect.poll(renewals, EVENTUALLY).toBeGreaterThan(5); // As many rounds of the second.
    const during = [await replicasOf("two"), await holder()];
    await first.stop();

    await expect.poll(() => replicasOf("two"), EVENTUALLY).toBe(2);
    expect(during).toEqual([1, "first"]);
    expect(await holder()).toBe("second");
  });

  it("tells the coordinator in the cluster's words why a pod does not come up", async () => {
    await createPool("stuck", 1);
    await expect.poll(() => namesOf("stuck"), EVENTUALLY).toHaveLength(1);
    const [name = ""] = await namesOf("stuck");
    await using coordinator = await openScalingCoordinator();
    coordinator.wanted.replicas = 1;
    await using _ = startAutoscaler("stuck", coordinator.address);
    await expect.poll(coordinator.heard, EVENTUALLY).toEqual([{ name: "spot", replicas: 1, trouble: "" }]);

    const message = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.";
    const condition = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
    await core.patchNamespacedPodStatus(
      { name, namespace: NAMESPACE, body: { status: { conditions: [condition] } } },
      setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
    );

    await expect
      .poll(coordinator.heard, EVENTUALLY)
      .toEqual([{ name: "spot", replicas: 1, trouble: message }]);
  });

  it("names the Deployment that a pool has not, and takes it on when it is made", async () => {
    await using coordinator = await openScalingCoordinator();
    coordinator.wanted.replicas = 2;
    await using _ = startAutoscaler("late", coordinator.address);
    const trouble = "there is no Deployment late-worker-spot in the namespace";
    await expect.poll(coordinator.heard, EVENTUALLY).toEqual([{ name: "spot", replicas: 0, trouble }]);

    await createPool("late", 0);

    await expect.poll(() => replicasOf("late"), EVENTUALLY).toBe(2);
  });

  it("forgets a pool that the coordinator no longer names, as after an upgrade, and sizes those that it does", async () => {
    await createPool("changed", 1);
    await using coordinator = await openScalingCoordinator();
    coordinator.wanted.replicas = 2;
    await using _ = startAutoscaler("changed", coordinator.address);
    await expect.poll(() => replicasOf("changed"), EVENTUALLY).toBe(2);

    await createPool("changed", 0, "fixed");
    Object.assign(coordinator.wanted, { pool: "fixed", replicas: 3 });

    await expect.poll(coordinator.heard, EVENTUALLY).toEqual([{ name: "fixed", replicas: 3, trouble: "" }]);
    expect(await replicasOf("changed")).toBe(2);
  });

  it("takes a Lease that was made for it, and leaves the labels of whoever made it", async () => {
    const leases = plane.admin.makeApiClient(CoordinationV1Api);
    const [name, labels] = ["made-autoscaler", { "app.kubernetes.io/managed-by": "Helm" }];
    await leases.createNamespacedLease({ namespace: NAMESPACE, body: { metadata: { name, labels } } });
    await using coordinator = await openScalingCoordinator();
    await using _ = startAutoscaler("made", coordinator.address);

    const made = () => leases.readNamespacedLease({ namespace: NAMESPACE, name });
    await expect.poll(async () => (await made()).spec?.holderIdentity, EVENTUALLY).toBe("a");
    expect((await made()).metadata?.labels).toEqual(labels);
  });

  it("changes nothing while the coordinator does not answer, and asks again", async () => {
    await createPool("alone", 1);
    let asked = 0;
    await using server = await serve({
      scaling: async () => {
        asked += 1;
        throw new FencedError("it is starting");
      },
    });

    await using _ = startAutoscaler("alone", `127.0.0.1:${server.port}`);

    await expect.poll(() => asked, EVENTUALLY).toBeGreaterThan(2);
    expect(await replicasOf("alone")).toBe(1);
  });
});
