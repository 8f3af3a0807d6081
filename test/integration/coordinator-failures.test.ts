import { describe, expect, it } from "vitest";
import { openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

/** Deaths after which a task is poison, whoever died. */
const DEATHS_AT_MOST = 6;

describe("an instance that every engine dies over", { timeout: 60_000 }, () => {
  it("is set aside by name after a bounded number of deaths, and the run goes on without it", async () => {
    await using run = await openCoordinatedRun({ steps: 3, instances: 6, ackWaitMs: 4_000 });
    const { ended } = await run.start();
    await using trainer = await openScriptedTrainer(run);
    await using first = await openScriptedWorker(run, "w1");
    await using second = await openScriptedWorker(run, "w2");
    const peace = new AbortController();
    let deaths = 0;
    const serving = [first, second].map((worker) =>
      worker.serve(peace.signal, ({ instance }, sample) => {
        if (instance !== "i1") return sample % 2;
        deaths += 1;
        return "engine-died";
      }),
    );

    const batches = await trainer.trainAll();
    await ended;
    peace.abort();
    await Promise.all(serving);

    const { unusable, ledger } = await run.summary();
    expect(unusable).toEqual({
      i1: expect.stringMatching(
        /^poison: \d engines died and 0 workers fell silent \(w\d(, w\d)?\) over it; the last: engine-died: the test says so$/,
      ),
    });
    expect(deaths).toBeGreaterThanOrEqual(3);
    expect(deaths).toBeLessThanOrEqual(DEATHS_AT_MOST);
    expect(batches).toHaveLength(3);
    expect(ledger[0]).toMatchObject({ lane: "train", rejected: 2, outstanding: 0, waiting: 0 });
  });
});

describe("a prompt that does not fit", { timeout: 60_000 }, () => {
  it("a worker with a smaller context than the run's goes to another, and costs nothing", async () => {
    await using run = await openCoordinatedRun({ steps: 1, batch: { prompts: 1, group: 2, staleness: 0 } });
    await run.start();
    const client = run.client("cli");
    await using small = await openScriptedWorker(run, "small");
    await using other = await openScriptedWorker(run, "other");
    const early = await small.work();

    for (const { sample } of early.granted.samples)
      await small.fail(early, early.granted, sample, "prompt-too-long", false, 256);
    early.ack();
    const again = { ...early.address, dispatch: early.address.dispatch + 1 };
    const refused = await small.lease(again);
    const { waits } = await client.status();
    const { granted } = await other.lease(again);

    expect(refused.held).toEqual({ retryInMs: 1_000 });
    expect(waits.map(({ on }) => on)).toContain("a worker with a larger context than small");
    expect(granted?.samples.map(({ sample }) => sample)).toEqual([0, 1]);
    const { balances, setAside } = await client.status();
    expect(balances[0]).toMatchObject({ issued: 2, rejected: 0, outstanding: 2 });
    expect(setAside).toEqual([]);
  });

  it("the run's own context is set aside by name, with the first who says so", async () => {
    await using run = await openCoordinatedRun({ steps: 1, batch: { prompts: 1, group: 2, staleness: 0 } });
    await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    const { granted, ...pulled } = await worker.work();

    await worker.fail(pulled, granted, 0, "prompt-too-long", false, 512);

    const { setAside, balances } = await run.client("cli").status();
    expect(setAside).toEqual([{ instance: pulled.task.instance, reason: "prompt-too-long: said the test" }]);
    expect(balances[0]).toMatchObject({ rejected: 2 });
  });

  it("a template is tried once more elsewhere, then set aside by name", async () => {
    await using run = await openCoordinatedRun({ steps: 1, batch: { prompts: 1, group: 2, staleness: 0 } });
    await run.start();
    const client = run.client("cli");
    await using worker = await openScriptedWorker(run, "w1");
    const { granted, ...pulled } = await worker.work();
    await worker.fail(pulled, granted, 0, "task-unservable", false);
    await worker.fail(pulled, granted, 1, "task-unservable", false);
    const once = await client.status();

    const late = await worker.work();
    await worker.fail(late, late.granted, 0, "task-unservable", false);

    expect([once.setAside, once.balances[0]?.rejected]).toEqual([[], 0]);
    const { setAside, balances } = await client.status();
    expect(setAside).toEqual([{ instance: pulled.task.instance, reason: "task-unservable: said the test" }]);
    expect(balances[0]).toMatchObject({ rejected: 2 });
  });
});
