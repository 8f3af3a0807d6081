import { describe, expect, it } from "vitest";
import { withDeadline } from "../../core/index.ts";
import { openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

const STEPS = 3;
const BATCH = { prompts: 2, group: 2, staleness: 1 };
/** Issued groups that are in no batch, and those of the batch that the trainer has. */
const MOST_SAMPLES = BATCH.prompts * BATCH.group * (BATCH.staleness + 1 + 1);
const SIGNS_OF_LIFE = 2_000;
const MEBIBYTE = 2 ** 20;

describe("a trainer that stops consuming", { timeout: 60_000 }, () => {
  it("has nothing more issued for it, however long its workers go on asking, until it goes on", async () => {
    await using run = await openCoordinatedRun({ steps: STEPS, instances: 32, batch: BATCH });
    const coordinator = await run.start();
    const books = async () => (await run.client("cli").status()).balances[0];
    await using trainer = await openScriptedTrainer(run);
    await using worker = await openScriptedWorker(run, "w1");
    const peace = new AbortController();
    const working = worker.serve(peace.signal, (_, sample) => sample % 2);
    await trainer.next();
    let full = await books();
    while (
      Number(full?.outstanding) > 0 ||
      Number(full?.issued) < MOST_SAMPLES - BATCH.prompts * BATCH.group
    ) {
      await worker.heartbeat([]);
      full = await books();
    }
    const heapBefore = process.memoryUsage().heapUsed;

    for (let sign = 0; sign < SIGNS_OF_LIFE; sign++) await worker.heartbeat([]);

    const later = await books();
    expect(later).toEqual(full);
    expect(Number(later?.issued)).toBeLessThanOrEqual(MOST_SAMPLES);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(64 * MEBIBYTE);
    await trainer.publish(1);
    await trainer.trainAll();
    await withDeadline("the run to end", 20_000, coordinator.ended);
    peace.abort();
    await working;
    expect(Number((await run.summary()).ledger[0]?.issued)).toBeGreaterThan(Number(later?.issued));
  });
});
