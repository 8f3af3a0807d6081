import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPromptOrder, readArchive } from "../../coordinator/index.ts";
import { longestWaits, withDeadline } from "../../core/index.ts";
import { type CoordinatedRun, openCoordinatedRun } from "../support/coordinated-run.ts";
import { sampleUntilBatch } from "../support/sample-until-batch.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

const HALF_RIGHT = (_: unknown, sample: number) => sample % 2;
const INSTANCES = 8;
const MANY = 1_000;

describe("a coordinator that is killed", { timeout: 60_000 }, () => {
  it("is what it was when it starts again: same books, same batch, prompts in their order", async () => {
    await using run = await openCoordinatedRun({ steps: 2, instances: INSTANCES, batch: { group: 3 } });
    const asked = new Map<string, string>();
    const first = await run.start({ child: true });
    await sampleUntilBatch(run, asked);
    const seen = await lookAtBatch(run);
    const before = await run.client("cli").status();

    await first.kill();
    const second = await run.start({ child: true, resume: true });
    const { balances } = await run.client("cli").status();
    const peace = new AbortController();
    await using trainer = await openScriptedTrainer(run);
    const again = await trainer.next();
    await trainer.publish(1);
    await using worker = await openScriptedWorker(run, "w2");
    const working = worker.serve(peace.signal, (task, sample) => {
      asked.set(task.task, task.instance);
      return sample % 2;
    });
    const [last] = await trainer.trainAll();
    await withDeadline("the run to end", 20_000, second.ended);
    await working;

    expect(balances).toEqual(before.balances);
    expect(again?.digest).toBe(seen?.digest);
    expect(again?.ownDigest).toBe(seen?.digest);
    expect(last?.step).toBe(2);
    const order = createPromptOrder(7, INSTANCES);
    const expected = [...asked.keys()].map((task) => `i${order.instanceAt(Number(task.slice(1)))}`);
    expect([...asked.values()]).toEqual(expected);
    expect(new Set(asked.values()).size).toBe(asked.size);
    const summary = await run.summary();
    expect(summary.ledger[0]).toMatchObject({ outstanding: 0, waiting: 0 });
    const archived = await readArchive(run.archive, { sort: "sequence", atMost: 1_000 });
    const names = archived.map(({ task, sample }) => `${task}/${sample}`);
    expect(names).toHaveLength(Number(summary.ledger[0]?.accepted));
    expect(new Set(names).size).toBe(names.length);
  });

  it("leaves an archive whose files are whole", async () => {
    await using run = await openCoordinatedRun({ steps: 1 });
    const first = await run.start({ child: true });
    await sampleUntilBatch(run);
    await first.stop();
    const inOrder = await readArchive(run.archive, { sort: "sequence", atMost: 100 });

    const second = await run.start({ child: true, resume: true });
    await using trainer = await openScriptedTrainer(run);
    await trainer.next();
    await trainer.publish(1);
    await second.kill();
    const third = await run.start({ child: true, resume: true });
    await withDeadline("the run to end", 20_000, third.ended);

    const archived = await readArchive(run.archive, { sort: "sequence", atMost: 100 });
    expect(inOrder.map(({ outcome }) => outcome)).toEqual(["", "", "", ""]);
    expect(archived.map(({ outcome, step }) => [outcome, step])).toEqual(inOrder.map(() => ["trained", 1]));
    expect((await readdir(join(run.archive, "rollouts"))).every((name) => name.endsWith(".parquet"))).toBe(
      true,
    );
  });
});

describe("a run that exists", { timeout: 60_000 }, () => {
  it("is refused without --resume, and with another base", async () => {
    await using run = await openCoordinatedRun();
    const first = await run.start();
    await first.stop();

    await expect(run.start()).rejects.toThrow("the run test exists: give --resume to continue it");
    await expect(run.start({ resume: true, base: "b1" })).rejects.toThrow(
      "the run test was started on base b0, and the model given is b1",
    );
  });

  it("and has ended stays as it is when it is continued, and goes on when it is given more steps", async () => {
    await using run = await openCoordinatedRun({ steps: 1 });
    const first = await run.start();
    await trainToEnd(run);
    await withDeadline("the run to end", 20_000, first.ended);
    const before = await run.summary();

    const second = await run.start({ resume: true });
    await withDeadline("the run to end", 20_000, second.ended);
    expect(await run.summary()).toEqual(before);

    const third = await run.start({ resume: true, steps: 2 });
    await trainToEnd(run, 1);
    await withDeadline("the run to end", 20_000, third.ended);
    expect(await run.summary()).toMatchObject({ state: "ended", steps: [{ step: 1 }, { step: 2 }] });
  });

  describe("One decides", () => {
    it("is decided about by the coordinator that opened it last; the one before ends", async () => {
      await using run = await openCoordinatedRun();
      const first = await run.start();
      const client = run.client("cli");
      await client.status();
      const second = await run.start({ resume: true });

      const pausing = client.pause();

      await expect(pausing).rejects.toMatchObject({ code: "coordinator.fenced" });
      await expect(withDeadline("the first to end", 20_000, first.ended)).rejects.toMatchObject({
        code: "coordinator.fenced",
      });
      expect((await run.client("cli").status()).state).toBe("running");
      const waiting = longestWaits(MANY).filter(({ name }) => name === "the ledger to change");
      expect(waiting, "a wait of the first would keep its process").toHaveLength(1);
      await second.stop();
    });
  });
});

/** What a trainer is given, which goes away without training it. */
async function lookAtBatch(run: CoordinatedRun) {
  await using trainer = await openScriptedTrainer(run);
  return await trainer.next();
}

async function trainToEnd(run: CoordinatedRun, step = 0): Promise<void> {
  const peace = new AbortController();
  await using worker = await openScriptedWorker(run, "w1");
  await using trainer = await openScriptedTrainer(run, step);
  const working = worker.serve(peace.signal, HALF_RIGHT);
  await trainer.trainAll();
  peace.abort();
  await working;
}

describe("a second coordinator of one host", () => {
  it("ends before it takes over, and the first goes on", async () => {
    await using run = await openCoordinatedRun({ steps: 1 });
    const first = await run.start();

    await expect(run.start({ resume: true, port: first.port })).rejects.toThrow(
      `port ${first.port} on 127.0.0.1 is in use by another process`,
    );

    await using trainer = await openScriptedTrainer(run);
    await using worker = await openScriptedWorker(run, "w");
    const working = worker.serve(new AbortController().signal, HALF_RIGHT);
    await trainer.trainAll();
    await withDeadline("the run to end", 20_000, first.ended);
    await working;
  });
});
