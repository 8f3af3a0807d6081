import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readArchive } from "../../coordinator/index.ts";
import { openProxiedFleet, type ProxiedFleet } from "../support/proxied-fleet.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";

const SAMPLES = 12;
/** One group of twelve makes the only step; four are decoded at once. */
const ONE_GROUP = { steps: 1, batch: { prompts: 1, group: SAMPLES, staleness: 0 }, maxTokens: 60 } as const;
/** Everything goes to disk. */
const ON_DISK = { unacknowledgedMegabytes: 0 };

describe("a worker whose coordinator was killed", { timeout: 180_000 }, () => {
  it("finishes its group into the spool and delivers it, each sample once, when the coordinator is back", async () => {
    await using fleet = await openProxiedFleet(ONE_GROUP);
    const first = await fleet.startCoordinator();
    await fleet.holdScores("w1");
    fleet.startWorker("w1", ON_DISK);
    await fleet.scoring("w1");

    await first.kill();
    await fleet.letScore("w1");
    await spooled(fleet, "w1", SAMPLES);
    await fleet.startCoordinator({ resume: true });

    await expectAllOnce(fleet);
    await expect.poll(() => spoolOf(fleet, "w1"), { timeout: 5_000 }).toEqual([]);
  });

  it("leaves its spool to the next worker of its name when it is killed too", async () => {
    await using fleet = await openProxiedFleet(ONE_GROUP);
    const coordinator = await fleet.startCoordinator();
    await fleet.holdScores("w1");
    const worker = fleet.startWorker("w1", ON_DISK);
    await fleet.scoring("w1");
    await coordinator.kill();
    await fleet.letScore("w1");
    await spooled(fleet, "w1", SAMPLES);

    await worker.kill();
    await fleet.holdScores("w1"); // What is made from now on cannot be finished.
    await fleet.startCoordinator({ resume: true });
    fleet.startWorker("w1", ON_DISK);

    await expectAllOnce(fleet);
    await expect.poll(() => spoolOf(fleet, "w1"), { timeout: 5_000 }).toEqual([]);
  });
});

/** Trains the group; it holds every sample, accepted once, and the books balance. */
async function expectAllOnce(fleet: ProxiedFleet): Promise<void> {
  await using trainer = await openScriptedTrainer(fleet.run);
  await trainer.trainAll();
  await expect.poll(async () => (await fleet.run.summary()).state, { timeout: 20_000 }).toBe("ended");

  const { ledger } = await fleet.run.summary();
  expect(ledger[0]).toMatchObject({ issued: SAMPLES, accepted: SAMPLES, trained: SAMPLES, outstanding: 0 });
  const archived = await readArchive(fleet.run.archive, { sort: "sequence", atMost: 100 });
  expect(archived.map(({ sample }) => sample).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: SAMPLES }, (_, sample) => sample),
  );
}

async function spoolOf(fleet: ProxiedFleet, name: string): Promise<string[]> {
  return await readdir(fleet.spoolOf(name)).catch(() => []);
}

async function spooled(fleet: ProxiedFleet, name: string, count: number): Promise<void> {
  await expect.poll(async () => (await spoolOf(fleet, name)).length, { timeout: 30_000 }).toBe(count);
}
