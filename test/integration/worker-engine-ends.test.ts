import { describe, expect, it } from "vitest";
import { engines, openScriptedRun } from "../support/running-worker.ts";

/** Greedy, so that a model with random weights rarely ends before `maxTokens`. */
const LONG = { temperature: 0, maxTokens: 2_400 };

describe("a worker whose engine", { timeout: 90_000 }, () => {
  it("aborts says so, starts another, and serves the group without blaming a sample", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    await run.issue("t1", [0, 1], LONG);
    await run.busy("w1");

    for (const pid of await engines()) process.kill(pid, "SIGABRT");
    await coordinator.until("two rollouts", () => coordinator.rollouts.length === 2, 60_000);

    expect(coordinator.releases).toEqual([
      expect.objectContaining({ task: "t1", reason: expect.stringMatching(/^engine-died: .*SIGABRT/) }),
    ]);
    expect(coordinator.failures).toEqual([]);
  });
});
