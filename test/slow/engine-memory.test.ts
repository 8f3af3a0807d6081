import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { engines, openScriptedRun } from "../support/running-worker.ts";

/** Greedy, so that a model with random weights rarely ends before `maxTokens`. */
const LONGER = { temperature: 0, maxTokens: 3_000 };

describe("a worker whose engine", { timeout: 180_000 }, () => {
  it("is given no more memory by the system lets it go, starts another, and serves the group", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1", {}, { exact: false }); // One in exact mode asks for no more memory as its cells fill up.
    await run.issue("t1", [0, 1], LONGER);
    await run.busy("w1");

    for (const pid of await engines()) await refuseMemory(pid);
    await coordinator.until("a release", () => coordinator.releases.length > 0, 60_000);
    await coordinator.until("two rollouts", () => coordinator.rollouts.length === 2, 60_000);

    expect(coordinator.releases[0]?.reason).toMatch(/^engine-died: /);
    expect(coordinator.failures).toEqual([]);
    expect(coordinator.rollouts.map(({ task }) => task)).toEqual(["t1", "t1"]);
  });
});

/** From now on the process is refused whatever memory it asks for. */
async function refuseMemory(pid: number): Promise<void> {
  await promisify(execFile)("prlimit", ["--pid", String(pid), "--as=1", "--data=1"]);
}
