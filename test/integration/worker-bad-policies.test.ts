import { describe, expect, it } from "vitest";
import type { PolicyRef, Rollout } from "../../proto/index.ts";
import { openScriptedRun } from "../support/running-worker.ts";

/** Greedy, so that a model with random weights rarely ends before `maxTokens`. */
const LONG = { temperature: 0, maxTokens: 1_500 };

describe("a worker", { timeout: 90_000 }, () => {
  it.each([
    { how: "changed", harm: (bytes: Uint8Array) => bytes.toReversed(), says: /arrived with the digest/ },
    { how: "cut", harm: (bytes: Uint8Array) => bytes.subarray(0, 100), says: /is not of \d+ bytes/ },
  ])(
    "refuses an adapter that was $how in the store, and serves it once it is whole",
    async ({ harm, says }) => {
      await using run = await openScriptedRun();
      const { coordinator } = run;
      run.startWorker("w1");
      const policy = await run.publishPolicy(1);
      await run.harmPolicy(policy, harm);

      await run.issue("t1", [0], { policy });
      await coordinator.until("a release", () => coordinator.releases.length > 0, 60_000);
      expect(coordinator.rollouts).toEqual([]);
      await run.dropPolicy(policy);
      await run.publishPolicy(1);
      await coordinator.until("a rollout", () => coordinator.rollouts.length > 0, 60_000);

      expect(coordinator.releases[0]?.reason).toMatch(/^unavailable: /);
      expect(coordinator.releases[0]?.reason).toMatch(says);
      expect(coordinator.rollouts.map(policiesOf)).toEqual([[policy]]);
    },
  );

  it("that comes too late for an adapter refuses its task, and serves the next policy when it is leased that", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    const old = await run.publishPolicy(1);
    const next = await run.publishPolicy(2);
    await run.dropPolicy(old);
    run.startWorker("w1");

    await run.issue("t1", [0], { policy: old, lane: "eval" });
    await coordinator.until("a release", () => coordinator.releases.length > 0, 60_000);
    await run.issue("t2", [0], { policy: next });
    await coordinator.until("a rollout", () => coordinator.rollouts.length > 0, 60_000);

    expect(coordinator.releases[0]?.reason).toContain(`unavailable: there is no ${old.adapter}`);
    expect(coordinator.rollouts.map(({ task }) => task)).toEqual(["t2"]);
    expect(coordinator.rollouts.map(policiesOf)).toEqual([[next]]);
  });

  it("whose policy moves twice while one is still loading samples under the newest, and under no other's name", async () => {
    await using run = await openScriptedRun();
    const { coordinator } = run;
    run.startWorker("w1");
    const policies = [await run.publishPolicy(1)];
    await run.issue("t1", [0, 1], { ...LONG, policy: policies[0] as PolicyRef });
    await coordinator.until("a lease", () => coordinator.leases.length === 1);

    run.toNats.throttle(4_000);
    policies.push(await run.publishPolicy(2), await run.publishPolicy(3));
    const newest = policies[2] as PolicyRef;
    await run.issue("t2", [0, 1], { policy: newest });
    await coordinator.until("four rollouts", () => coordinator.rollouts.length === 4, 60_000);

    const byTask = (task: string) => coordinator.rollouts.filter((rollout) => rollout.task === task);
    expect(byTask("t2").map(policiesOf)).toEqual([[newest], [newest]]);
    for (const sampled of byTask("t1").map(policiesOf)) {
      expect(policies).toEqual(expect.arrayContaining(sampled));
      expect(sampled.map(({ version }) => version)).toEqual(sampled.map(({ version }) => version).toSorted());
    }
  });
});

function policiesOf({ completion }: Rollout): PolicyRef[] {
  return completion?.spans.map(({ policyVersion: version, adapter }) => ({ version, adapter })) ?? [];
}
