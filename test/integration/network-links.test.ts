import { describe, expect, it } from "vitest";
import {
  expectBalanced,
  ONE_GROUP,
  ready,
  SAMPLES,
  workersOfTheBatch,
} from "../support/group-on-bad-network.ts";
import { openProxiedFleet } from "../support/proxied-fleet.ts";

/** Sixteen kilobytes or so. */
const LONGER = { ...ONE_GROUP, maxTokens: 200 };

describe("a worker delivers its group, each sample once", { timeout: 180_000 }, () => {
  it("over a stream that is cut in the middle of a message, again and again, and bytes that take a second", async () => {
    await using fleet = await openProxiedFleet(LONGER);
    await fleet.startCoordinator();
    await fleet.holdScores("w1");
    const worker = fleet.startWorker("w1");
    await fleet.scoring("w1");

    fleet.toCoordinator.resetAfter(3_000);
    await fleet.letScore("w1");
    await expect.poll(() => fleet.toCoordinator.resets, { timeout: 30_000 }).toBeGreaterThan(0);
    const before = fleet.toCoordinator.resets;
    fleet.toCoordinator.resetAfter(6_000);
    await expect.poll(() => fleet.toCoordinator.resets, { timeout: 30_000 }).toBeGreaterThan(before);
    fleet.toCoordinator.heal();
    fleet.toCoordinator.delay(1_000);
    await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 60_000 }).toBe(SAMPLES);

    expect(await workersOfTheBatch(fleet)).toEqual({ w1: SAMPLES });
    await expectBalanced(fleet);
    await worker.stop();
  });

  it("when its connections to the coordinator and to nats-server are reset and closed under it", async () => {
    await using fleet = await openProxiedFleet(ONE_GROUP);
    await fleet.startCoordinator();
    await fleet.holdScores("w1", 2);
    const worker = fleet.startWorker("w1");
    await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 60_000 }).toBe(2);

    fleet.toCoordinator.reset();
    fleet.toNats.reset();
    await expect.poll(() => fleet.toCoordinator.connections, { timeout: 30_000 }).toBeGreaterThan(0);
    fleet.toCoordinator.cut();
    await fleet.letScore("w1");
    await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 60_000 }).toBe(SAMPLES);

    await ready(fleet, "w1");
    expect(await workersOfTheBatch(fleet)).toEqual({ w1: SAMPLES });
    await expectBalanced(fleet);
    await worker.stop();
  });
});
