import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Rollout } from "../../proto/index.ts";
import { float32Array, int32Array } from "../../transport/index.ts";
import { openScriptedRun } from "../support/running-worker.ts";
import { writeTinyModel } from "../support/tiny-model.ts";

describe("a worker", () => {
  it("samples, scores and delivers a group, each rollout with its full record", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");

    await run.issue("t1", [0, 1, 2, 3, 4, 5]);
    await coordinator.until("six rollouts", () => coordinator.rollouts.length === 6);

    const bySample = coordinator.rollouts.toSorted((a, b) => a.sample - b.sample);
    expect(bySample).toEqual(
      [0, 1, 2, 3, 4, 5].map((sample) =>
        expect.objectContaining({
          run: "test",
          lane: "train",
          task: "t1",
          sample,
          attempt: 0,
          instance: "instance of t1",
          seed: "42",
          temperature: 1,
          worker: "w1",
          reward: expect.objectContaining({ value: -1, scorer: "swe-rl@1", exact: false }),
        }),
      ),
    );
    expect(bySample.map(lengths)).toEqual(
      bySample.map((rollout) => ({
        logp: tokensOf(rollout).length,
        logq: 0,
        entropy: tokensOf(rollout).length,
      })),
    );
    expect(bySample.flatMap(({ completion }) => completion?.spans)).toEqual(
      bySample.map(() => ({
        ...{ from: 0, policyVersion: 0, adapter: "" },
        ...{ worker: "w1", device: expect.stringMatching(/./), variant: "base" },
      })),
    );
  });

  it("samples the same tokens for the same task, whichever worker does it and beside whatever", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    const first = run.startWorker("w1");
    await run.issue("t1", [0, 1, 2]);
    await coordinator.until("three rollouts", () => coordinator.rollouts.length === 3);
    await first.stop();

    run.startWorker("w2");
    await run.issue("t1", [2, 1]);
    await run.issue("t2", [0]);
    await coordinator.until("three more", () => coordinator.rollouts.length === 6);

    const tokens = (worker: string, sample: number) =>
      coordinator.rollouts
        .filter((rollout) => rollout.worker === worker && rollout.task === "t1" && rollout.sample === sample)
        .map(tokensOf);
    expect(tokens("w2", 1)).toEqual(tokens("w1", 1));
    expect(tokens("w2", 2)).toEqual(tokens("w1", 2));
    expect(tokens("w1", 1)).not.toEqual(tokens("w1", 2));
  });

  it("acknowledges what is settled, so that nothing comes back", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");

    await run.issue("t1", [0, 1]);
    await coordinator.until("two rollouts", () => coordinator.rollouts.length === 2);

    await expect.poll(run.queued, { timeout: 5_000 }).toEqual([]);
    expect(coordinator.leases).toHaveLength(1);
  });

  it("announces itself with the policy that it samples under", async () => {
    await using run = await openScriptedRun();
    run.startWorker("w1");
    const policy = await run.publishPolicy(3);

    await run.issue("t1", [0], { policy });

    await expect.poll(run.presence.list, { timeout: 10_000 }).toEqual([
      expect.objectContaining({
        name: "w1",
        quantization: "F32",
        variant: "base",
        slots: 4,
        policyVersion: 3,
      }),
    ]);
  });

  it("refuses to work with another model than the run's, in one sentence", async () => {
    await using run = await openScriptedRun();
    const other = join(run.nats.folder, "other.gguf");
    await writeTinyModel(other, { seed: 1 });

    const worker = run.startWorker("w1", {}, { model: other });

    await expect(worker.ended).rejects.toMatchObject({ code: "workers.wrong_model", disposition: "reject" });
    await expect(worker.ended).rejects.toThrow(
      /^\S+other\.gguf is not a model of this run: its SHA-256 is \w{64}, the run's base has \w{64}$/,
    );
  });
});

function tokensOf({ completion }: Rollout): Int32Array {
  return int32Array(completion?.tokens ?? new Uint8Array());
}

function lengths({ completion }: Rollout) {
  const count = (bytes: Uint8Array = new Uint8Array()) => float32Array(bytes).length;
  return {
    logp: count(completion?.logp),
    logq: count(completion?.logq),
    entropy: count(completion?.entropy),
  };
}
