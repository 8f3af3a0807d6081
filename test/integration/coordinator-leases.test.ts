import { describe, expect, it } from "vitest";
import { pause } from "../../core/index.ts";
import { int32Array } from "../../transport/index.ts";
import { openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

/** One group of four samples makes the only step. */
const ONE_GROUP = { steps: 1, batch: { prompts: 1, group: 4, staleness: 0 } } as const;

describe("a group", { timeout: 60_000 }, () => {
  it("is completed from parts of two workers", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    await using first = await openScriptedWorker(run, "w1");
    await using second = await openScriptedWorker(run, "w2");
    await using trainer = await openScriptedTrainer(run);
    const early = await first.work();
    await first.finish(early, early.granted, 0, { reward: 0 });
    await first.finish(early, early.granted, 2, { reward: 1 });

    await first.release(early, early.granted, "worker-stopping: the test says so");
    const late = await second.work();
    for (const { sample } of late.granted.samples)
      await second.finish(late, late.granted, sample, { reward: 0.5 });
    const batch = await trainer.next();

    expect(late.address).toMatchObject({ task: early.address.task, dispatch: 1 });
    expect(late.granted.samples.map(({ sample, attempt }) => [sample, attempt])).toEqual([
      [1, 2],
      [3, 2],
    ]);
    const [group] = batch?.groups ?? [];
    expect(group?.rollouts.map(({ sample, worker, reward }) => [sample, worker, reward?.value])).toEqual([
      [0, "w1", 0],
      [1, "w2", 0.5],
      [2, "w1", 1],
      [3, "w2", 0.5],
    ]);
  });

  it("goes on elsewhere from the tokens of a partial completion, span by span", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    await using first = await openScriptedWorker(run, "w1");
    await using second = await openScriptedWorker(run, "w2");
    await using trainer = await openScriptedTrainer(run);
    const early = await first.work();
    await first.partial(early, early.granted, 0, [11, 12]);
    await first.partial(early, early.granted, 0, [11, 12, 13]);

    await first.release(early, early.granted, "worker-stopping: the test says so");
    const late = await second.work();
    const { prefix } = late.granted.samples[0] ?? {};
    for (const { sample } of late.granted.samples) {
      await second.finish(late, late.granted, sample, { reward: sample % 2, tokens: [14] });
    }
    const batch = await trainer.next();

    expect([...int32Array(prefix?.tokens ?? new Uint8Array())]).toEqual([11, 12, 13]);
    const completion = batch?.groups[0]?.rollouts[0]?.completion;
    expect([...int32Array(completion?.tokens ?? new Uint8Array())]).toEqual([11, 12, 13, 14]);
    expect(completion?.spans.map(({ from, worker }) => [from, worker])).toEqual([
      [0, "w1"],
      [3, "w2"],
    ]);
  });

  it("keeps what was handed over just before its lease was released, sent in one go", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    const early = await worker.work();

    const answers = await Promise.all([
      ...early.granted.samples.map(({ sample }) => worker.partial(early, early.granted, sample, [11, 12])),
      worker.release(early, early.granted, "worker-stopping: the test says so"),
    ]);
    const late = await worker.work();

    expect(answers.map((answer) => answer?.outcome)).toEqual([
      ...Array.from({ length: 4 }, () => "OUTCOME_ACCEPTED"),
      undefined,
    ]);
    expect(late.granted.samples.map(({ prefix }) => prefix?.tokens.byteLength)).toEqual([8, 8, 8, 8]);
  });
});

describe("a worker that falls silent", { timeout: 60_000 }, () => {
  it("loses its lease to another in time, and what it says late is fenced", async () => {
    const ackWaitMs = 2_000;
    await using run = await openCoordinatedRun({ ...ONE_GROUP, ackWaitMs });
    await run.start();
    await using zombie = await openScriptedWorker(run, "w1");
    await using other = await openScriptedWorker(run, "w2");
    const lost = await zombie.work();
    const startedAt = performance.now();

    const taken = await other.work();
    const tookMs = performance.now() - startedAt;
    const stillHeld = await zombie.heartbeat([lost.granted.lease]);
    const latePartial = await zombie.partial(lost, lost.granted, 1, [9]);
    const lateFailure = await zombie.fail(lost, lost.granted, 1, "reward-failed", false);
    await zombie.release(lost, lost.granted, "engine-died: late");
    await other.finish(taken, taken.granted, 1);
    const lateSample = await zombie.finish(lost, lost.granted, 1);
    const { settled } = await zombie.lease(lost.address);

    expect(tookMs).toBeLessThan(ackWaitMs + 5_000);
    expect(taken.address).toMatchObject({ task: lost.address.task, dispatch: 1 });
    expect(stillHeld).toEqual([lost.granted.lease]);
    expect([latePartial, lateFailure, lateSample].map(({ outcome }) => outcome)).toEqual([
      "OUTCOME_CLOSED",
      "OUTCOME_CLOSED",
      "OUTCOME_DUPLICATE",
    ]);
    expect(settled).toBeTruthy();
    expect(await other.heartbeat([taken.granted.lease])).toEqual([]);
  });

  it("keeps its lease as long as its heartbeats come", async () => {
    const ackWaitMs = 3_000;
    await using run = await openCoordinatedRun({ ...ONE_GROUP, ackWaitMs });
    await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    await using other = await openScriptedWorker(run, "w2");
    const { granted, address } = await worker.work();
    const beating = new AbortController();
    const beats = (async () => {
      const lost: string[] = [];
      while (!beating.signal.aborted) {
        lost.push(...(await worker.heartbeat([granted.lease])));
        await pause(granted.termMs / 5, beating.signal);
      }
      return lost;
    })();

    // The queue delivers it again after ack_wait, since nobody said "working": the ledger decides, not the queue.
    const again = await other.pull();
    const { held } = await other.lease(again.address);
    beating.abort();

    expect(again.address).toEqual(address);
    expect(held?.retryInMs).toBeGreaterThan(0);
    expect(await beats).toEqual([]);
  });
});
