import { describe, expect, it } from "vitest";
import { createPresence, openNats, type WorkerPresence } from "../../transport/index.ts";
import { type CoordinatedRun, openCoordinatedRun } from "../support/coordinated-run.ts";

const POOLS = { pools: [{ name: "spot", max: 4, tokensPerSecond: 1, startSeconds: 1 }] };

describe("A running coordinator", { timeout: 60_000 }, () => {
  it("says how many workers each pool is to have, and who of those that are there loses least by going", async () => {
    await using run = await openCoordinatedRun({ scaling: POOLS });
    await run.start();
    const client = run.client("autoscaler");
    await announce(run, { name: "busy", busySlots: 2 });
    await announce(run, { name: "idle", busySlots: 0 });

    const ask = () => client.scaling({ pools: [] });
    await expect.poll(async () => (await ask()).workers.length, { timeout: 10_000 }).toBe(2);
    const { pools, workers, why } = await ask();

    expect(pools).toEqual([expect.objectContaining({ name: "spot", present: 2, max: 4 })]);
    expect(pools[0]?.replicas).toBeGreaterThan(0);
    expect(workers.map(({ name }) => name)).toEqual(["idle", "busy"]);
    expect(why).toMatch(/workers: .* steps are ahead of the updater/);
  });

  it("shows in its status what the cluster says of a pool that does not get its workers", async () => {
    await using run = await openCoordinatedRun({ scaling: POOLS });
    await run.start();
    const client = run.client("cli");
    const trouble = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.";

    await client.scaling({ pools: [{ name: "spot", replicas: 4, trouble }] });

    await expect
      .poll(async () => (await client.status()).pools, { timeout: 10_000 })
      .toEqual([expect.objectContaining({ name: "spot", present: 0, replicas: 4, trouble })]);
  });

  it("scales nothing where no pool is listed", async () => {
    await using run = await openCoordinatedRun();
    await run.start();

    expect((await run.client("cli").scaling({ pools: [] })).pools).toEqual([]);
  });
});

async function announce(
  run: CoordinatedRun,
  more: Pick<WorkerPresence, "name" | "busySlots">,
): Promise<void> {
  const { natsUrl: url, natsUser: user, natsPassword: password } = await run.client("w").connect("worker");
  await using link = await openNats({ url, user, password, name: more.name });
  await createPresence(link, run.run).announce({
    device: "cpu",
    modelDigest: "ab",
    quantization: "Q8_0",
    variant: "base",
    pool: "spot",
    slots: 2,
    policyVersion: 0,
    tokensPerSecond: more.busySlots,
    wait: null,
    draining: false,
    ...more,
  });
}
