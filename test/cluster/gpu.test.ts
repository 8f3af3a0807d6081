import { expect, inject, it } from "vitest";
import { openNamespace } from "./support/release.ts";

const cluster = inject("cluster");
const MINUTE_MS = 60_000;
/** One card; nothing behind it. */
const CARD = "nvidia.com/gpu";

it.skipIf(cluster?.isOurs !== true)(
  "a pool that asks for a GPU takes the node's only one, and of a second pool fleet status says why it cannot",
  async () => {
    if (cluster === null) return;
    await using namespace = await openNamespace(cluster, "cards");
    const node = JSON.parse(await namespace.kubectl("get", "nodes", "-o", "json")).items[0].metadata.name;
    const capacity = (count: number) =>
      namespace.kubectl(
        ...["patch", "node", node, "--subresource=status", "--type=merge", "-p"],
        JSON.stringify({ status: { capacity: { [CARD]: String(count) } } }),
      );
    await capacity(1);
    const card = {
      requests: { cpu: "100m", memory: "256Mi" },
      limits: { [CARD]: 1, cpu: "1", memory: "1Gi" },
    };
    const scaling = { min: 1, max: 1, cost: 1, startSeconds: 15 };
    const pool = (name: string) => ({ name, device: "cpu", resources: card, scaling });

    const release = await namespace.install("cards", "demo", {
      autoscaler: { kind: "builtin" },
      workers: [pool("a"), pool("b")],
    });
    const scheduled = async () => (await release.pods("worker")).filter((pod) => pod.node !== null);
    const waiting = async () => (await release.pods("worker")).filter((pod) => pod.unschedulable !== null);
    await expect.poll(scheduled, { timeout: MINUTE_MS }).toHaveLength(1);
    await expect.poll(waiting, { timeout: MINUTE_MS }).toHaveLength(1);

    const why = `Insufficient ${CARD}`;
    expect((await waiting())[0]?.unschedulable).toContain(why);
    await release.until(
      "one pool to say what it lacks",
      ({ pools }) => pools.filter(({ trouble }) => trouble.includes(why)).length === 1,
      5 * MINUTE_MS,
    );
    await capacity(0);
  },
);
