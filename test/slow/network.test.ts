import { describe, expect, it } from "vitest";
import {
  expectBalanced,
  gone,
  LEASED_AGAIN_MS,
  ONE_GROUP,
  ready,
  SAMPLES,
  workersOfTheBatch,
  workerWithTwoDelivered,
} from "../support/group-on-bad-network.ts";
import { openProxiedFleet } from "../support/proxied-fleet.ts";

describe("a worker", { timeout: 180_000 }, () => {
  it.each([
    ["that cannot reach the coordinator", "partition"],
    ["on a link whose packets are lost", "stall"],
  ] as const)(
    "%s for longer than ack_wait loses its lease; what it delivered stands, and late it is fenced",
    async (_, how) => {
      await using fleet = await openProxiedFleet(ONE_GROUP);
      await fleet.startCoordinator();
      const zombie = await workerWithTwoDelivered(fleet);
      fleet.startWorker("w2");
      await ready(fleet, "w2");

      fleet.toCoordinator[how]();
      const startedAt = performance.now();
      await fleet.scoring("w2");
      const tookMs = performance.now() - startedAt;
      await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 30_000 }).toBe(SAMPLES);
      await fleet.letScore("w1");
      fleet.toCoordinator.heal();

      // What it finished of a group that is whole is told apart, not counted.
      await expect
        .poll(async () => (await fleet.balance()).duplicates, { timeout: 60_000 })
        .toBe(SAMPLES - 2);
      expect(tookMs).toBeLessThan(LEASED_AGAIN_MS);
      expect(await workersOfTheBatch(fleet)).toEqual({ w1: 2, w2: SAMPLES - 2 });
      await expectBalanced(fleet);
      await zombie.stop();
    },
  );
});

describe("a worker that cannot reach nats-server", { timeout: 180_000 }, () => {
  it("for longer than ack_wait keeps its lease, delivers its group, and takes tasks again when it can", async () => {
    await using fleet = await openProxiedFleet(ONE_GROUP);
    await fleet.startCoordinator();
    const worker = await workerWithTwoDelivered(fleet);
    fleet.startWorker("w2");
    await ready(fleet, "w2");

    fleet.toNats.partition();
    await gone(fleet, "w1"); // Longer than ack_wait: the presence of a worker lives so long.
    await fleet.letScore("w1");
    await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 30_000 }).toBe(SAMPLES);
    fleet.toNats.heal();

    await ready(fleet, "w1");
    expect(await workersOfTheBatch(fleet)).toEqual({ w1: SAMPLES });
    await expectBalanced(fleet);
    await worker.stop();
  });
});

describe("a worker that is stopped", { timeout: 180_000 }, () => {
  it("for longer than ack_wait loses its lease, and what it says when it goes on is fenced", async () => {
    await using fleet = await openProxiedFleet(ONE_GROUP);
    await fleet.startCoordinator();
    const zombie = await workerWithTwoDelivered(fleet);
    fleet.startWorker("w2");
    await ready(fleet, "w2");

    zombie.freeze();
    const startedAt = performance.now();
    await fleet.scoring("w2");
    const tookMs = performance.now() - startedAt;
    await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 30_000 }).toBe(SAMPLES);
    await fleet.letScore("w1");
    zombie.thaw();

    await ready(fleet, "w1");
    expect(tookMs).toBeLessThan(LEASED_AGAIN_MS);
    expect(await workersOfTheBatch(fleet)).toEqual({ w1: 2, w2: SAMPLES - 2 });
    await expectBalanced(fleet);
    await zombie.stop();
  });
});
