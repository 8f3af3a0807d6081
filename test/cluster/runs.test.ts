import { expect, inject, it } from "vitest";
import { type Namespace, openNamespace, type Release } from "./support/release.ts";

const cluster = inject("cluster");
const MINUTE_MS = 60_000;
/** Three runs at once have room on a node of two cores. */
const resources = {
  requests: { cpu: "50m", memory: "128Mi" },
  limits: { cpu: "1", memory: "2Gi" },
};
const POOL = { name: "cpu", device: "cpu", replicas: 2, slots: 8, resources };
const SHORT = { run: { steps: 4, eval: { dataset: [] } }, updater: { resources }, workers: [POOL] };
/** All pods of a run are other ones than those of {@link SHORT}. */
const CHANGED = { ...SHORT, workers: [{ ...POOL, slots: 6 }], drainSeconds: 30 };
/** Seconds that such pods have to go. */
const GRACE_OF = { SHORT: "75", CHANGED: "45" };

it.skipIf(cluster === null)(
  "two runs of one namespace and one of another keep to themselves, through an upgrade and a rollback in mid-run",
  async () => {
    if (cluster === null) return;
    await using first = await openNamespace(cluster, "first");
    await using second = await openNamespace(cluster, "second");
    const runs = [
      await first.install("one", "demo", SHORT),
      await first.install("two", "demo", SHORT),
      await second.install("one", "demo", SHORT),
    ];
    await runs[0]?.until("the first step", ({ step }) => step >= 1, 10 * MINUTE_MS);

    await first.helm("test", "one", "--timeout", "2m");
    await runs[0]?.upgrade("demo", CHANGED);
    await runs[1]?.upgrade("demo", CHANGED);
    await first.helm("rollback", "two", "1");
    for (const part of ["coordinator", "updater", "nats"]) {
      expect(await graceOf(first, `one-${part}`), part).toBe(GRACE_OF.CHANGED);
      expect(await graceOf(first, `two-${part}`), part).toBe(GRACE_OF.SHORT);
    }
    for (const run of runs)
      await run.until(`${run.name} to end`, ({ state }) => state === "ended", 15 * MINUTE_MS);

    for (const run of runs) {
      const { run: name, steps, ledger } = await run.summary();
      expect(name).toBe(run.name);
      expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
      for (const books of ledger) expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
    }
    const slotsOf = async (run: Release | undefined) =>
      new Set((await run?.status())?.workers.map(({ slots }) => slots));
    // Pods come and go one by one, and a short run may end before the last of them.
    await expect.poll(() => slotsOf(runs[0]), { timeout: 2 * MINUTE_MS }).toEqual(new Set([6]));
    await expect.poll(() => slotsOf(runs[1]), { timeout: 2 * MINUTE_MS }).toEqual(new Set([8]));
  },
);

it.skipIf(cluster === null)("what is uninstalled leaves its volumes and nothing else", async () => {
  if (cluster === null) return;
  await using namespace = await openNamespace(cluster, "left");
  const scaling = { min: 0, max: 2, cost: 1, startSeconds: 15 };
  const scaled = { autoscaler: { kind: "builtin" }, workers: [{ ...POOL, scaling }] };
  const release = await namespace.install("left", "demo", { ...SHORT, ...scaled });
  await release.until("the run to answer", () => true, 5 * MINUTE_MS);
  const holder = () =>
    namespace.kubectl("get", "lease", "left-autoscaler", "-o", "jsonpath={.spec.holderIdentity}");
  await expect.poll(holder, { timeout: 2 * MINUTE_MS, interval: 1_000 }).toContain("left-autoscaler-");

  await release.uninstall();

  const kinds =
    "all,secrets,configmaps,networkpolicies,poddisruptionbudgets,serviceaccounts,roles,rolebindings,leases";
  const left = () => namespace.kubectl("get", kinds, "-l", "app.kubernetes.io/instance=left", "-o", "name");
  await expect.poll(left, { timeout: 2 * MINUTE_MS, interval: 1_000 }).toBe(""); // Pods have their time to go.
  expect(await namespace.kubectl("get", "leases", "-o", "name")).toBe(""); // Of whatever labels.
  const claims = await namespace.kubectl("get", "pvc", "-o", "name");
  expect(claims.trim().split("\n").sort()).toHaveLength(3);
});

/** What the first pod of a StatefulSet has to go, once all of its pods are those of its newest template. */
async function graceOf({ kubectl }: Namespace, name: string): Promise<string> {
  await kubectl("rollout", "status", `statefulset/${name}`, "--timeout=5m");
  return kubectl("get", "pod", `${name}-0`, "-o", "jsonpath={.spec.terminationGracePeriodSeconds}");
}
