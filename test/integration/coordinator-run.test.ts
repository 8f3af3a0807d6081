import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readArchive, type Summary } from "../../coordinator/index.ts";
import { withDeadline } from "../../core/index.ts";
import { type CoordinatedRun, openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

const HALF_RIGHT = (_: unknown, sample: number) => sample % 2;

describe("a run", { timeout: 60_000 }, () => {
  it("comes to its end with balanced books, both evaluations, and every accepted rollout in the archive once", async () => {
    await using run = await openCoordinatedRun({ steps: 3, heldOut: 2 });
    const { ended } = await run.start();
    const peace = new AbortController();
    await using first = await openScriptedWorker(run, "w1");
    await using second = await openScriptedWorker(run, "w2");
    await using trainer = await openScriptedTrainer(run);
    const working = [first, second].map((worker) => worker.serve(peace.signal, HALF_RIGHT));

    const batches = await trainer.trainAll();
    await withDeadline("the run to end", 20_000, ended);
    await Promise.all(working);

    const summary = await run.summary();
    expect(summary).toMatchObject({ state: "ended", reason: "every step is trained" });
    expect(summary.steps.map(({ step, staleness }) => [step, staleness.max <= 1])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
    expect(summary.versions.map(({ version }) => version)).toEqual([0, 1, 2, 3]);
    expect(summary.heldOut.rounds.map(({ version, tasks }) => [version, tasks])).toEqual([
      [0, 2],
      [3, 2],
    ]);
    expect(booksOf(summary)).toEqual([]);
    expect(summary.ledger.map(({ outstanding, waiting }) => [outstanding, waiting])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(batches.map(({ digest }) => digest)).toEqual(batches.map(({ ownDigest }) => ownDigest));
    await expectArchived(run, summary);
  });

  it("is not made longer once its last batch is out, since the trainer may have gone", async () => {
    await using run = await openCoordinatedRun({ steps: 3, heldOut: 2 });
    await run.start();
    const client = run.client("cli");

    const messages = [await client.stopAfter(0), await client.stopAfter(2)].map(({ message }) => message);

    expect(messages).toEqual([
      "the run ends after step 0, with its final evaluation",
      "the run ends after step 0 already: its last batch is out",
    ]);
  });

  it("tells the trainer that no batch will follow, also where nothing is evaluated at the end", async () => {
    await using run = await openCoordinatedRun({ steps: 1 });
    const { ended } = await run.start();
    const peace = new AbortController();
    await using worker = await openScriptedWorker(run, "w1");
    await using trainer = await openScriptedTrainer(run);
    const working = worker.serve(peace.signal, HALF_RIGHT);

    const batches = await trainer.trainAll(); // Throws where the stream ends without the run's end.
    await withDeadline("the run to end", 20_000, ended);
    await working;

    expect(batches.map(({ step }) => step)).toEqual([1]);
  });

  it("skips, counts and names prompts that do not fit, and trains on the others", async () => {
    await using run = await openCoordinatedRun({ steps: 2, instances: 4 });
    const { ended } = await run.start();
    const peace = new AbortController();
    await using worker = await openScriptedWorker(run, "w1");
    await using trainer = await openScriptedTrainer(run);
    const working = worker.serve(peace.signal, ({ instance }, sample) =>
      instance === "i1" ? "prompt-too-long" : sample % 2,
    );

    const batches = await trainer.trainAll();
    await withDeadline("the run to end", 20_000, ended);
    await working;

    const { unusable, ledger, state } = await run.summary();
    expect(state).toBe("ended");
    expect(unusable).toEqual({ i1: "prompt-too-long: said the test" });
    expect(ledger[0]?.rejected).toBe(2);
    const instances = batches.flatMap(({ groups }) => groups.map(({ rollouts }) => rollouts[0]?.instance));
    expect(instances).toHaveLength(4);
    expect(instances).not.toContain("i1");
  });

  it("fails in words when no prompt fits", async () => {
    await using run = await openCoordinatedRun({ instances: 2 });
    const { ended } = await run.start();
    const peace = new AbortController();
    await using worker = await openScriptedWorker(run, "w1");
    const working = worker.serve(peace.signal, () => "prompt-too-long");

    await expect(withDeadline("the run to end", 20_000, ended)).rejects.toThrow(
      /^no instance of the dataset can be used; of i\d: prompt-too-long: said the test$/,
    );
    await working;

    expect(await run.summary()).toMatchObject({ state: "failed" });
  });
});

describe("a caller with a wrong token", { timeout: 60_000 }, () => {
  it("is refused", async () => {
    await using run = await openCoordinatedRun();
    await run.start();

    const joining = run.client("w1", "wrong").connect("worker");

    await expect(joining).rejects.toMatchObject({
      disposition: "reject",
      message: expect.stringContaining("token"),
    });
  });
});

/** Lanes whose equations do not hold. */
function booksOf(summary: Summary): unknown[] {
  return summary.ledger.filter(
    ({ issued, accepted, rejected, expired, outstanding, trained, skipped, evaluated, waiting }) =>
      issued !== Number(accepted) + Number(rejected) + Number(expired) + Number(outstanding) ||
      accepted !== Number(trained) + Number(skipped) + Number(evaluated) + Number(waiting),
  );
}

async function expectArchived({ archive }: CoordinatedRun, { ledger }: Summary): Promise<void> {
  const rollouts = await readArchive(archive, { sort: "sequence", atMost: 1_000 });
  const names = rollouts.map(({ task, sample }) => `${task}/${sample}`);
  const [train, evaluation] = ledger;
  expect(new Set(names).size).toBe(names.length);
  expect(names).toHaveLength(Number(train?.accepted) + Number(evaluation?.accepted));
  expect(rollouts.filter(({ outcome }) => outcome === "trained")).toHaveLength(Number(train?.trained));
  expect(rollouts.filter(({ outcome }) => outcome === "evaluated")).toHaveLength(
    Number(evaluation?.evaluated),
  );
  expect((await readdir(join(archive, "rollouts"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
}
