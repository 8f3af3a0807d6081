import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pause, withDeadline } from "../../core/index.ts";
import { createPresence, createRolloutStore, openPolicyPointer } from "../../transport/index.ts";
import { type CoordinatedRun, openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

describe("a stream that is deleted under a run", { timeout: 60_000 }, () => {
  it("is made again with what was in it, where that is known, and the run ends with balanced books", async () => {
    await using run = await openCoordinatedRun({ steps: 2 });
    const coordinator = await run.start();
    await trainOneStep(run);
    const lost = [
      "TASKS_test",
      "KV_POLICY_test",
      "KV_WORKERS_test",
      "OBJ_ADAPTERS_test",
      "OBJ_INSTANCES_test",
    ];

    await withoutServer(run, () =>
      Promise.all(lost.map((name) => rm(streamFolder(run, name), { recursive: true, force: true }))),
    );

    const link = await run.nats.link("worker");
    const status = () => run.client("cli").status();
    await until("a word about the adapter", async () =>
      (await status()).waitingFor.startsWith(
        "the newest policy's adapter to be stored: the store does not hold it any more",
      ),
    );
    expect(await (await openPolicyPointer(link, run.run)).get()).toMatchObject({ version: 1 });
    await createPresence(link, run.run).announce(PRESENT);
    await until("the worker to be seen", async () => (await status()).workers.length === 1);
    await finishRun(run, 1);
    await withDeadline("the run to end", 20_000, coordinator.ended);
    const books = (await run.summary()).ledger[0];
    expect(books).toMatchObject({ outstanding: 0, waiting: 0, trained: 8 });
  });

  it("ends the run when it is the ledger, and the run is not begun anew", async () => {
    await using run = await openCoordinatedRun({ steps: 2 });
    const coordinator = await run.start();
    await trainOneStep(run);

    await withoutServer(run, () => rm(streamFolder(run, "LEDGER_test"), { recursive: true }));

    await expect(withDeadline("the coordinator to end", 30_000, coordinator.ended)).rejects.toThrow(
      "the ledger is gone: there is no stream LEDGER_test; put nats-server's folder back as it was, or start a new run",
    );
    await expect(run.start({ resume: true })).rejects.toThrow(
      "the run test has lost its ledger: put nats-server's folder back as it was, or start a new run",
    );
  });

  it("ends the run when it is the rollouts that the ledger names", async () => {
    await using run = await openCoordinatedRun({ steps: 2 });
    const coordinator = await run.start();
    await trainOneStep(run);

    await withoutServer(run, () => rm(streamFolder(run, "ROLLOUTS_test"), { recursive: true }));

    const sentence =
      /^rollouts are missing: stream ROLLOUTS_test (is gone|ends at message 0), and the ledger names message 4; put nats-server's folder back/;
    await expect(withDeadline("the coordinator to end", 30_000, coordinator.ended)).rejects.toThrow(sentence);
    await expect(run.start({ resume: true })).rejects.toThrow(sentence);
  });
});

describe("a ledger that an older copy was put in place of", { timeout: 60_000 }, () => {
  it("ends the run that knows what is missing", async () => {
    await using run = await openCoordinatedRun({ steps: 2 });
    const coordinator = await run.start();
    const folder = streamFolder(run, "LEDGER_test");
    const copy = join(run.nats.folder, "copy");
    await withoutServer(run, () => cp(folder, copy, { recursive: true }));
    await trainOneStep(run);

    await withoutServer(run, async () => {
      await rm(folder, { recursive: true });
      await cp(copy, folder, { recursive: true });
    });

    await expect(withDeadline("the coordinator to end", 30_000, coordinator.ended)).rejects.toThrow(
      /^the ledger was cut: stream LEDGER_test ends at message \d+, and message \d+ was there; put nats-server's folder back as it was/,
    );
  });
});

describe("a rollout that is gone while the ledger names it", { timeout: 60_000 }, () => {
  it("is said by its task to the trainer that needs it", async () => {
    await using run = await openCoordinatedRun({ steps: 2 });
    await run.start();
    await sample(run, run.batchSamples);
    const store = createRolloutStore(await run.nats.link("coordinator"), run.run);
    await store.purgeBelow(2);
    await using trainer = await openScriptedTrainer(run);

    await expect(trainer.next()).rejects.toThrow(
      /^a rollout of task t\d is missing: there is no rollout 1 in ROLLOUTS_test, which the ledger names$/,
    );
  });
});

const PRESENT = {
  name: "w9",
  device: "cpu",
  modelDigest: "b0",
  quantization: "Q8_0",
  variant: "base",
  pool: "",
  slots: 1,
  busySlots: 0,
  policyVersion: 1,
  tokensPerSecond: 0,
  wait: null,
  draining: false,
};

function streamFolder({ nats }: CoordinatedRun, stream: string): string {
  return join(nats.folder, "nats", "jetstream", "coordinator", "streams", stream);
}

/** Does something to the server's folder while the server is away for a moment. */
async function withoutServer({ nats }: CoordinatedRun, work: () => Promise<unknown>): Promise<void> {
  await nats.kill();
  await work();
  await nats.restart();
}

async function sample(run: CoordinatedRun, samples: number): Promise<void> {
  await using worker = await openScriptedWorker(run, "w1");
  for (let done = 0; done < samples; ) {
    const pulled = await worker.work();
    for (const { sample: index } of pulled.granted.samples) {
      await worker.finish(pulled, pulled.granted, index, { reward: index % 2 });
      done += 1;
    }
    pulled.ack();
  }
}

async function trainOneStep(run: CoordinatedRun): Promise<void> {
  await sample(run, run.batchSamples);
  await using trainer = await openScriptedTrainer(run);
  await trainer.next();
  await trainer.publish(1);
}

async function finishRun(run: CoordinatedRun, step: number): Promise<void> {
  const peace = new AbortController();
  await using worker = await openScriptedWorker(run, "w2");
  await using trainer = await openScriptedTrainer(run, step);
  const working = worker.serve(peace.signal, (_, index) => index % 2);
  await trainer.trainAll();
  peace.abort();
  await working;
}

async function until(name: string, holds: () => Promise<boolean>): Promise<void> {
  const over = new AbortController();
  const looking = (async () => {
    while (!over.signal.aborted && !(await holds().catch(() => false))) await pause(100);
  })();
  await withDeadline(name, 25_000, looking).finally(() => over.abort());
}
