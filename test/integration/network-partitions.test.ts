import { describe, expect, it } from "vitest";
import { withDeadline } from "../../core/index.ts";
import { openProxiedFleet, type ProxiedFleet } from "../support/proxied-fleet.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";

const SAMPLES = 8;
const ACK_WAIT_MS = 3_000;
/** Recovery after a worker that is lost, until its last sample is leased again. */
const LEASED_AGAIN_MS = ACK_WAIT_MS + 5_000;
/** One group makes the only step. */
const ONE_GROUP = {
  steps: 1,
  batch: { prompts: 1, group: SAMPLES, staleness: 0 },
  maxTokens: 60,
  ackWaitMs: ACK_WAIT_MS,
} as const;

describe("a worker that cannot reach the coordinator", { timeout: 180_000 }, () => {
  it.each([
    { what: "vanish", act: "partition" },
    { what: "are held up", act: "stall" },
  ] as const)(
    "while its bytes $what for longer than ack_wait loses its lease, what it delivered stands, and late it is fenced",
    async ({ act }) => {
      await using fleet = await openProxiedFleet(ONE_GROUP);
      await fleet.startCoordinator();
      const zombie = await workerWithTwoDelivered(fleet);
      fleet.startWorker("w2");
      await ready(fleet, "w2");

      fleet.toCoordinator[act]();
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

/** Starts w1, which leases the group, delivers two samples of it and cannot score the others. */
async function workerWithTwoDelivered(fleet: ProxiedFleet) {
  await fleet.holdScores("w1", 2);
  const worker = fleet.startWorker("w1");
  await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 60_000 }).toBe(2);
  return worker;
}

/** Waits until a worker announces itself, so that its engine is there. */
async function ready({ run }: ProxiedFleet, name: string): Promise<void> {
  await expect.poll(() => workers(run), { timeout: 60_000 }).toContain(name);
}

async function gone({ run }: ProxiedFleet, name: string): Promise<void> {
  await expect.poll(() => workers(run), { timeout: 60_000 }).not.toContain(name);
}

async function workers(run: ProxiedFleet["run"]): Promise<string[]> {
  const client = run.client("cli");
  const { workers: present } = await client.status();
  await client[Symbol.asyncDispose]();
  return present.map(({ name }) => name);
}

/** Trains the only batch; how many of its rollouts each worker made. */
async function workersOfTheBatch({ run }: ProxiedFleet): Promise<Record<string, number>> {
  await using trainer = await openScriptedTrainer(run);
  const batch = await trainer.next();
  await trainer.publish(1);
  const counts: Record<string, number> = {};
  for (const { worker } of batch?.groups.flatMap(({ rollouts }) => rollouts) ?? []) {
    counts[worker] = (counts[worker] ?? 0) + 1;
  }
  return counts;
}

async function expectBalanced({ run }: ProxiedFleet): Promise<void> {
  const ended = expect.poll(async () => (await run.summary()).state, { timeout: 30_000 }).toBe("ended");
  await withDeadline("the run to end", 40_000, Promise.resolve(ended));
  const { ledger } = await run.summary();
  expect(ledger.find(({ lane }) => lane === "train")).toMatchObject({
    issued: SAMPLES,
    accepted: SAMPLES,
    trained: SAMPLES,
    outstanding: 0,
    waiting: 0,
  });
}
