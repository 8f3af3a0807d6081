import { expect, inject, it } from "vitest";
import { openNamespace } from "./support/release.ts";

const cluster = inject("cluster");
const MINUTE_MS = 60_000;
const SHORT = { run: { steps: 4, eval: { dataset: [] } } };

it.skipIf(cluster === null)(
  "two runs of one namespace and one of another keep to themselves, through an upgrade in mid-run",
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

    await runs[0]?.upgrade("demo", { ...SHORT, workers: [{ name: "workers", device: "cpu", slots: 6 }] });
    for (const run of runs)
      await run.until(`${run.name} to end`, ({ state }) => state === "ended", 15 * MINUTE_MS);

    for (const run of runs) {
      const { run: name, steps, ledger } = await run.summary();
      expect(name).toBe(run.name);
      expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
      for (const books of ledger) expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
    }
    const slots = (await runs[0]?.status())?.workers.map((worker) => worker.slots);
    expect(slots).toEqual(slots?.map(() => 6));
  },
);

it.skipIf(cluster === null)("what is uninstalled leaves its volumes and nothing else", async () => {
  if (cluster === null) return;
  await using namespace = await openNamespace(cluster, "left");
  const release = await namespace.install("left", "demo", SHORT);
  await release.until("the run to answer", () => true, 5 * MINUTE_MS);

  await release.uninstall();

  const kinds = "all,secrets,configmaps,networkpolicies,poddisruptionbudgets,roles,rolebindings";
  const left = () => namespace.kubectl("get", kinds, "-l", "app.kubernetes.io/instance=left", "-o", "name");
  await expect.poll(left, { timeout: 2 * MINUTE_MS, interval: 1_000 }).toBe(""); // Pods have their time to go.
  const claims = await namespace.kubectl("get", "pvc", "-o", "name");
  expect(claims.trim().split("\n").sort()).toHaveLength(3);
});
