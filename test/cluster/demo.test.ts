import { expect, inject, it } from "vitest";
import { openNamespace } from "./support/release.ts";

const cluster = inject("cluster");
const MINUTE_MS = 60_000;
/** The demo's own bound: mean of the last five steps against the first five. */
const RISE = 0.4;

it.skipIf(cluster === null)(
  "the demo runs by helm install in a namespace that admits only restricted pods, learns, and balances its books",
  async () => {
    if (cluster === null) return;
    await using namespace = await openNamespace(cluster, "demo");
    const startedAt = performance.now();
    const release = await namespace.install("demo", "demo");

    const status = await release.until("the demo to end", ({ state }) => state === "ended", 18 * MINUTE_MS);
    const minutes = (performance.now() - startedAt) / MINUTE_MS;
    const { steps, ledger } = await release.summary();
    process.stderr.write(`the demo took ${minutes.toFixed(1)} min from helm install to its end\n`);

    const mean = (some: typeof steps) => some.reduce((sum, step) => sum + step.meanReward, 0) / some.length;
    expect(status.reason).toBe("every step is trained");
    expect(steps).toHaveLength(40);
    expect(mean(steps.slice(-5)) - mean(steps.slice(0, 5))).toBeGreaterThan(RISE);
    for (const books of ledger) {
      expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
      expect(books.accepted).toBe(books.trained + books.skipped + books.evaluated);
    }
    expect(await restarts(release)).toEqual([]);
  },
);

/** Pods of the run that had to be started again. */
async function restarts(release: Awaited<ReturnType<Awaited<ReturnType<typeof openNamespace>>["install"]>>) {
  const all = await Promise.all(
    ["nats", "coordinator", "updater", "worker"].map((part) => release.pods(part)),
  );
  return all
    .flat()
    .filter((pod) => pod.restarts > 0)
    .map(({ name }) => name);
}
