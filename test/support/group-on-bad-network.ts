import { expect } from "vitest";
import type { ProxiedFleet } from "./proxied-fleet.ts";
import { openScriptedTrainer } from "./scripted-trainer.ts";

/** Samples of the only group of {@link oneGroup}. */
export const SAMPLES = 8;
export const ACK_WAIT_MS = 3_000;
/** Recovery after a worker that is lost, until its last sample is leased again. */
export const LEASED_AGAIN_MS = ACK_WAIT_MS + 5_000;
/** One group makes the only step. */
export const ONE_GROUP = {
  steps: 1,
  batch: { prompts: 1, group: SAMPLES, staleness: 0 },
  maxTokens: 60,
  ackWaitMs: ACK_WAIT_MS,
} as const;

/** Starts w1, which leases the group, delivers two samples of it and cannot score the others. */
export async function workerWithTwoDelivered(fleet: ProxiedFleet) {
  await fleet.holdScores("w1", 2);
  const worker = fleet.startWorker("w1");
  await expect.poll(async () => (await fleet.balance()).accepted, { timeout: 60_000 }).toBe(2);
  return worker;
}

/** Waits until a worker announces itself, so that its engine is there. */
export async function ready({ run }: ProxiedFleet, name: string): Promise<void> {
  await expect.poll(() => workers(run), { timeout: 60_000 }).toContain(name);
}

/** Waits until a worker has not announced itself for a while. */
export async function gone({ run }: ProxiedFleet, name: string): Promise<void> {
  await expect.poll(() => workers(run), { timeout: 60_000 }).not.toContain(name);
}

async function workers(run: ProxiedFleet["run"]): Promise<string[]> {
  const client = run.client("cli");
  const { workers: present } = await client.status();
  await client[Symbol.asyncDispose]();
  return present.map(({ name }) => name);
}

/** Trains the only batch; how many of its rollouts each worker made. */
export async function workersOfTheBatch({ run }: ProxiedFleet): Promise<Record<string, number>> {
  await using trainer = await openScriptedTrainer(run);
  const batch = await trainer.next();
  await trainer.publish(1);
  const counts: Record<string, number> = {};
  for (const { worker } of batch?.groups.flatMap(({ rollouts }) => rollouts) ?? []) {
    counts[worker] = (counts[worker] ?? 0) + 1;
  }
  return counts;
}

/** The run ends with every sample trained. */
export async function expectBalanced({ run }: ProxiedFleet): Promise<void> {
  await expect.poll(async () => (await run.summary()).state, { timeout: 30_000 }).toBe("ended");
  const { ledger } = await run.summary();
  expect(ledger.find(({ lane }) => lane === "train")).toMatchObject({
    issued: SAMPLES,
    accepted: SAMPLES,
    trained: SAMPLES,
    outstanding: 0,
    waiting: 0,
  });
}
