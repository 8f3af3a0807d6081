import { describe, expect, inject, it } from "vitest";
import type { StatusAnswer } from "../../proto/index.ts";
import { openNamespace } from "./support/release.ts";

const cluster = inject("cluster");
const MINUTE_MS = 60_000;
const LOOK_MS = 500;
/** Two workers take some seconds for each, and a pause must find the run at work. */
const STEPS = 24;
/** Believed until the first worker is measured: the run begins with as many as there may be. */
const SLOW = 20;
const POOL = {
  name: "cpu",
  device: "cpu",
  slots: 8,
  scaling: { min: 0, max: 2, cost: 1, startSeconds: 15, tokensPerSecond: SLOW },
  resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "2Gi" } },
};

describe.each([
  { kind: "builtin", by: "the chart's own controller", isThere: cluster !== null },
  { kind: "keda", by: "KEDA through a HorizontalPodAutoscaler", isThere: cluster?.hasKeda === true },
])("by $by", ({ kind, isThere }) => {
  it.skipIf(!isThere)(
    "a pool shrinks to nothing in a pause and at the end, and grows to several when there is work",
    async () => {
      if (cluster === null) return;
      await using namespace = await openNamespace(cluster, `scaled-by-${kind}`);
      const release = await namespace.install("scaled", "demo", {
        run: { steps: STEPS, eval: { dataset: [] } },
        autoscaler: { kind },
        workers: [POOL],
      });
      const accepted = ({ balances }: StatusAnswer) =>
        balances.reduce((sum, books) => sum + Number(books.accepted), 0);
      const gone = () =>
        expect.poll(() => release.pods("worker"), { timeout: 5 * MINUTE_MS, interval: LOOK_MS }).toEqual([]);

      const running = async () => (await release.pods("worker")).filter(({ phase }) => phase === "Running");
      await expect
        .poll(running, { timeout: 5 * MINUTE_MS, interval: LOOK_MS })
        .toHaveLength(POOL.scaling.max);
      await release.until("the first step", ({ step }) => step >= 1, 10 * MINUTE_MS);
      await release.steer("pause");
      const downMs = await timed(gone);
      const before = await release.until("the books of the paused run", () => true, MINUTE_MS).then(accepted);
      await release.steer("unpause");
      const demandAt = performance.now();
      const sampling = ({ workers }: StatusAnswer) => workers.some(({ busySlots }) => busySlots > 0);
      await release.until("a worker that samples", sampling, 10 * MINUTE_MS);
      const sampledMs = performance.now() - demandAt;
      await release.until("a rollout", (status) => accepted(status) > before, 10 * MINUTE_MS);
      const upMs = performance.now() - demandAt;
      await release.until("the run to end", ({ state }) => state === "ended", 15 * MINUTE_MS);
      const endMs = await timed(gone);

      process.stderr.write(
        `by ${kind}: no worker ${seconds(downMs)} s after the pause, one that samples ${seconds(sampledMs)} s and the first accepted rollout ${seconds(upMs)} s after its end, no worker ${seconds(endMs)} s after the run's\n`,
      );
      const { steps, ledger } = await release.summary();
      expect(steps).toHaveLength(STEPS);
      for (const books of ledger) expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
    },
  );
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(0);
}
