import { describe, expect, it } from "vitest";
import { pause } from "../../core/index.ts";
import type { Completion } from "../../proto/index.ts";
import { float32Array, int32Array } from "../../transport/index.ts";
import { engines, killEngines, openScriptedRun } from "../support/running-worker.ts";

/** Greedy, so that a model with random weights rarely ends before `maxTokens`. */
const LONG = { temperature: 0, maxTokens: 2_400 };

describe("a worker", () => {
  it("hands over partial completions when it is stopped, which another one continues", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    const first = run.startWorker("w1");
    await run.issue("t1", [0, 1, 2, 3, 4, 5], LONG);
    await coordinator.until("a lease", () => coordinator.leases.length === 1);
    await run.busy("w1");

    await first.stop();
    run.startWorker("w2");
    await coordinator.until("six rollouts", () => coordinator.rollouts.length === 6);

    const { partials } = coordinator;
    expect(coordinator.releases).toEqual([
      expect.objectContaining({ task: "t1", reason: "worker-stopping: received SIGTERM" }),
    ]);
    expect(partials.map(({ sample }) => sample).toSorted()).toEqual([0, 1, 2, 3]);
    for (const partial of partials) {
      const whole = coordinator.rollouts.find(({ sample }) => sample === partial.sample);
      const taken = tokensOf(partial.completion).length;
      expect(tokensOf(whole?.completion).slice(0, taken)).toEqual(tokensOf(partial.completion));
      expect(logpOf(whole?.completion).slice(0, taken)).toEqual(logpOf(partial.completion));
      expect(whole?.completion?.spans).toEqual([
        expect.objectContaining({ from: 0, worker: "w1" }),
        expect.objectContaining({ from: taken, worker: "w2" }),
      ]);
    }
  });

  it("lets go of what it cannot hand over when its time to drain is over, and leaves nothing running", async () => {
    await using run = await openScriptedRun();
    const worker = run.startWorker("w1");
    await run.issue("t1", [0, 1], LONG);
    await run.busy("w1");
    await run.leave();

    const stopped = worker.stop();
    const early = await Promise.race([
      stopped.then(() => "stopped"),
      pause(500).then(() => "still handing over"),
    ]);
    worker.abandon();
    await stopped;

    expect(early).toBe("still handing over");
    expect(await engines()).toEqual([]);
  });

  it("releases the leases of an engine that died, starts another and serves them again", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    await run.issue("t1", [0, 1], LONG);
    await run.busy("w1");

    expect(await killEngines()).toHaveLength(1);
    await coordinator.until("two rollouts", () => coordinator.rollouts.length === 2);

    expect(coordinator.releases).toEqual([
      expect.objectContaining({ task: "t1", reason: expect.stringMatching(/^engine-died: .*SIGKILL/) }),
    ]);
    expect(coordinator.failures).toEqual([]);
    expect(coordinator.leases).toHaveLength(2);
  });

  it("gives up when its engine dies three times within a minute", async () => {
    await using run = await openScriptedRun();
    const worker = run.startWorker("w1", { engineRestart: { firstMs: 0, mostMs: 0 } });

    const killed = new Set<number>();
    const kill = async () => {
      for (const pid of await killEngines()) killed.add(pid);
      return killed.size;
    };
    await expect.poll(kill, { timeout: 20_000 }).toBe(3);

    await expect(worker.ended).rejects.toMatchObject({
      code: "workers.engine_unstable",
      disposition: "fatal",
    });
  });

  it("goes on when nats-server was killed and is back", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    await run.issue("t1", [0], LONG);
    await run.busy("w1");

    await run.nats.kill();
    await coordinator.until("a rollout", () => coordinator.rollouts.length === 1);
    await run.nats.restart();
    await run.issue("t2", [0], { policy: await run.publishPolicy(1) });
    await coordinator.until("another rollout", () => coordinator.rollouts.length === 2);

    expect(coordinator.rollouts.map(({ task }) => task)).toEqual(["t1", "t2"]);
  });

  it("stops working on a lease that the coordinator took back", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    await run.issue("t1", [0, 1], LONG);
    await run.busy("w1");

    await coordinator.endLeaseOf("t1");
    await coordinator.until("two rollouts", () => coordinator.rollouts.length === 2);

    expect(coordinator.leases).toHaveLength(2);
    expect(coordinator.releases).toEqual([]);
    expect(coordinator.partials).toEqual([]);
  });

  it("goes on while the coordinator is away and delivers what it made when it is back", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    await run.issue("t1", [0, 1], LONG);
    await run.busy("w1");

    await run.leave();
    await run.idle("w1");
    expect(coordinator.rollouts).toEqual([]);
    await run.comeBack();
    await coordinator.until("two rollouts", () => coordinator.rollouts.length === 2);

    expect(coordinator.leases).toHaveLength(1);
    expect(new Set(coordinator.rollouts.map(({ sample }) => sample))).toEqual(new Set([0, 1]));
  });
});

function tokensOf(completion: Completion | null | undefined): Int32Array {
  return int32Array(completion?.tokens ?? new Uint8Array());
}

function logpOf(completion: Completion | null | undefined): Float32Array {
  return float32Array(completion?.logp ?? new Uint8Array());
}
