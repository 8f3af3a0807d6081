import { describe, expect, it } from "vitest";
import { openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

/** One group of four samples makes the only step. */
const ONE_GROUP = { steps: 1, batch: { prompts: 1, group: 4, staleness: 0 } } as const;

describe("a sample", { timeout: 60_000 }, () => {
  describe("Counted once, and only when durable", () => {
    it("that is delivered twice is answered as a duplicate, counted once, and the delivery counted apart", async () => {
      await using run = await openCoordinatedRun(ONE_GROUP);
      await run.start();
      await using worker = await openScriptedWorker(run, "w1");
      const pulled = await worker.work();
      const first = await worker.finish(pulled, pulled.granted, 0);

      const again = await worker.finish(pulled, pulled.granted, 0);

      expect([first.outcome, again.outcome]).toEqual(["OUTCOME_ACCEPTED", "OUTCOME_DUPLICATE"]);
      const { balances } = await run.client("cli").status();
      expect(balances[0]).toMatchObject({
        lane: "train",
        issued: 4,
        accepted: 1,
        outstanding: 3,
        duplicates: 1,
      });
    });
  });

  it("that failed once is tried again, and failing is counted once however often it is said", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    const early = await worker.work();
    const first = await worker.fail(early, early.granted, 1, "reward-failed", true);

    const again = await worker.fail(early, early.granted, 1, "reward-failed", true);
    await worker.release(early, early.granted, "sample-failed: the test says so");
    const late = await worker.work();

    expect([first.outcome, again.outcome]).toEqual(["OUTCOME_ACCEPTED", "OUTCOME_CLOSED"]);
    expect(late.granted.samples.map(({ sample }) => sample)).toEqual([0, 1, 2, 3]);
  });

  it("of another task, run or instance than it says is refused in words", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    const pulled = await worker.work();
    const finishAs = (wrong: object) =>
      worker.finish({ ...pulled, task: { ...pulled.task, ...wrong } }, pulled.granted, 0);

    const answers = [
      await finishAs({ task: "t99" }),
      await finishAs({ run: "other" }),
      await finishAs({ instance: "i99" }),
      await finishAs({ lane: "eval" }),
    ];

    const { instance } = pulled.task;
    expect(answers.map(({ outcome }) => outcome)).toEqual(answers.map(() => "OUTCOME_REFUSED"));
    expect(answers.map(({ reason }) => reason)).toEqual([
      "it was never issued",
      "it is of run other, not test",
      `its task is about ${instance}, not i99`,
      "its task is of lane train, not eval",
    ]);
  });
});

describe("a rollout that is refused", { timeout: 60_000 }, () => {
  it("is made once more, and then its sample is rejected rather than made for ever", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    const refuseNext = async () => {
      const pulled = await worker.work();
      const refused = await worker.finish(pulled, pulled.granted, 1, { reward: 7 });
      const again = await worker.finish(pulled, pulled.granted, 1, { reward: 7 });
      await worker.release(pulled, pulled.granted, "sample-failed: the test says so");
      return [refused, again].map(({ outcome, reason }) => [outcome, reason]);
    };

    const first = await refuseNext();
    const second = await refuseNext();
    const last = await worker.work();

    const reason = "its reward 7 is not within -1 to 1";
    expect(first).toEqual([
      ["OUTCOME_REFUSED", reason],
      ["OUTCOME_REFUSED", reason],
    ]);
    expect(second).toEqual([
      ["OUTCOME_REFUSED", reason],
      ["OUTCOME_CLOSED", ""],
    ]);
    expect(last.granted.samples.map(({ sample }) => sample)).toEqual([0, 2, 3]);
    const { balances } = await run.client("cli").status();
    expect(balances[0]).toMatchObject({ issued: 4, accepted: 0, rejected: 1, outstanding: 3 });
  });

  it("costs its sample nothing when its lease is not the one that is held", async () => {
    await using run = await openCoordinatedRun(ONE_GROUP);
    await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    const pulled = await worker.work();
    const stale = { ...pulled.granted, lease: "t0.99" };

    for (let time = 0; time < 3; time++) await worker.finish(pulled, stale, 1, { reward: 7 });
    const { outcome } = await worker.finish(pulled, pulled.granted, 1);

    expect(outcome).toBe("OUTCOME_ACCEPTED");
  });
});
