import { describe, expect, it } from "vitest";
import type { StatusAnswer } from "../../proto/index.ts";
import { createPresence, openNats } from "../../transport/index.ts";
import { type CoordinatedRun, openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

const ONE_GROUP = { steps: 2, batch: { prompts: 1, group: 2, staleness: 0 } } as const;
const NO_TRAINER = ["a trainer's session", "an updater to join", 0];

describe("Whatever waits has a deadline and a name", { timeout: 60_000 }, () => {
  it("task, lease, batch and updater, from the first task to the trainer that joins", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    const client = run.client("cli");
    await using worker = await openScriptedWorker(run, "w1");

    const issued = await client.status();
    const pulled = await worker.work();
    const leased = await client.status();
    await worker.finish(pulled, pulled.granted, 0, { reward: 0 });
    await worker.finish(pulled, pulled.granted, 1, { reward: 1 });
    const composed = await client.status();
    await using _trainer = await openScriptedTrainer(run);
    const joined = await client.status();

    const { task, instance } = pulled.task;
    expect(ofRun(issued)).toEqual([NO_TRAINER, [`task ${task} (${instance}) to be taken`, "workers", 0]]);
    expect(ofRun(leased)).toEqual([[`2 samples of task ${task}`, "w1", 0], NO_TRAINER]);
    const held = ["step 1, before more tasks are issued (staleness at most 0)", "the updater", 0];
    expect(ofRun(composed)).toEqual([NO_TRAINER, ["batch 1 to be trained", "an updater to join", 0], held]);
    expect(ofRun(joined)).toEqual([["batch 1 to be trained", "the updater", 0], held]);
  });

  it("a worker that gives no sign of life, with the end of its term", async () => {
    await using run = await openCoordinatedRun({ ...ONE_GROUP, ackWaitMs: 12_000 });
    await run.start();
    const client = run.client("cli");
    await using worker = await openScriptedWorker(run, "w1");

    const { task } = (await worker.work()).task;

    const silent = [`a sign of life over task ${task}`, "w1", 10];
    await expect.poll(async () => ofRun(await client.status()), { timeout: 9_000 }).toContainEqual(silent);
  });

  it("what a worker says that it waits for", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    const client = run.client("cli");

    await announce(run, "w7", { name: "the engine to sample task t0", ms: 9_000, deadlineMs: null });

    await expect
      .poll(async () => (await client.status()).waits.filter(({ on }) => on === "w7"), { timeout: 8_000 })
      .toEqual([{ what: "the engine to sample task t0", on: "w7", seconds: 9, deadlineSeconds: 0 }]);
    expect((await client.status()).waitingFor).toBe("");
  });

  it("the updater is missing again when its session has ended", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    const client = run.client("cli");
    const trainer = await openScriptedTrainer(run);
    const during = await client.status();

    await trainer[Symbol.asyncDispose]();

    expect(ofRun(during)).not.toContainEqual(NO_TRAINER);
    await expect
      .poll(async () => ofRun(await client.status()), { timeout: 8_000 })
      .toContainEqual(NO_TRAINER);
  });
});

/** What, on whom and for how long at most, by what; the coordinator's own waits, which come and go, are left out. */
function ofRun({ waits }: StatusAnswer): (string | number)[][] {
  return waits
    .filter(({ on }) => on !== "the coordinator")
    .map(({ what, on, deadlineSeconds }) => [what, on, deadlineSeconds])
    .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

async function announce(
  run: CoordinatedRun,
  name: string,
  wait: { name: string; ms: number; deadlineMs: number | null },
): Promise<void> {
  const { natsUrl: url, natsUser: user, natsPassword: password } = await run.client(name).connect("worker");
  await using link = await openNats({ url, user, password, name });
  const fixed = {
    device: "cpu",
    modelDigest: "ab",
    quantization: "Q8_0",
    variant: "base",
    pool: "",
    slots: 8,
  };
  await createPresence(link, run.run).announce({
    ...fixed,
    name,
    policyVersion: 0,
    busySlots: 8,
    tokensPerSecond: 1,
    draining: false,
    wait,
  });
}
