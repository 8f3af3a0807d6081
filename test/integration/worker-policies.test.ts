import { describe, expect, it } from "vitest";
import type { Rollout } from "../../proto/index.ts";
import { openScriptedRun } from "../support/running-worker.ts";

/** Greedy, so that a model with random weights rarely ends before `maxTokens`. */
const LONG = { temperature: 0, maxTokens: 1_500 };

describe("a worker", () => {
  it("samples training groups under the policy that their lease names, then under newer ones", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    const first = await run.publishPolicy(1);
    await run.issue("t1", [0], { ...LONG, policy: first });
    await coordinator.until("a lease", () => coordinator.leases.length === 1);

    await run.publishPolicy(2);
    await coordinator.until("a rollout", () => coordinator.rollouts.length === 1);

    const versions = versionsOf(coordinator.rollouts[0]);
    expect(versions.at(0)).toBe(1);
    expect(versions.at(-1)).toBe(2);
  });

  it("evaluates wholly under the version that the lease names, while training goes on before and after", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    const first = await run.publishPolicy(1);
    const second = await run.publishPolicy(2);

    await run.issue("train-1", [0, 1], { ...LONG, policy: second });
    await coordinator.until("a lease", () => coordinator.leases.length === 1);
    await run.issue("eval-1", [0], { ...LONG, policy: first, lane: "eval" });
    await coordinator.until("another lease", () => coordinator.leases.length === 2);
    await run.issue("train-2", [0], { ...LONG, policy: second });
    await coordinator.until("four rollouts", () => coordinator.rollouts.length === 4);

    const byTask = (task: string) => coordinator.rollouts.filter((rollout) => rollout.task === task);
    expect(byTask("eval-1").map(versionsOf)).toEqual([[1]]);
    expect([...byTask("train-1"), ...byTask("train-2")].map(versionsOf)).toEqual([[2], [2], [2]]);
  });

  it("refuses a policy that it cannot have, releases the lease and serves it once it can", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    const missing = { version: 1, adapter: "ab".repeat(32) };

    await run.issue("t1", [0], { policy: missing });
    await coordinator.until("a release", () => coordinator.releases.length > 0);

    expect(coordinator.releases[0]?.reason).toContain(`there is no ${missing.adapter}`);
    expect(coordinator.rollouts).toEqual([]);
  });
});

function versionsOf(rollout: Rollout | undefined): number[] {
  return rollout?.completion?.spans.map(({ policyVersion }) => policyVersion) ?? [];
}
