import { describe, expect, it } from "vitest";
import type { Rollout } from "../../proto/index.ts";
import { openScriptedRun } from "../support/running-worker.ts";

/** Greedy, so that a model with random weights rarely ends before `maxTokens`. */
const LONG = { temperature: 0, maxTokens: 1_500 };

describe("a worker", () => {
  it.each([
    { onPolicyUpdate: "keep", mixed: true },
    { onPolicyUpdate: "recompute", mixed: true },
    { onPolicyUpdate: "drain", mixed: false },
  ])(
    "goes over to a new policy in the middle of a group; told to $onPolicyUpdate, completions of both: $mixed",
    async ({ onPolicyUpdate, mixed }) => {
      await using run = await openScriptedRun();
      const { coordinator } = run;
      run.startWorker("w1", { onPolicyUpdate });
      const samples = Array.from({ length: 20 }, (_, sample) => sample);
      await run.issue("t1", samples, { maxTokens: 400, policy: await run.publishPolicy(1) });
      await run.busy("w1");

      await run.publishPolicy(2);
      await coordinator.until("all rollouts", () => coordinator.rollouts.length === samples.length);

      const kinds = new Set(coordinator.rollouts.map((rollout) => versionsOf(rollout).join(" then ")));
      expect(kinds).toContain("2");
      expect(kinds.has("1 then 2")).toBe(mixed);
      expect(kinds).not.toContain("2 then 1");
    },
  );

  describe("One true policy version", () => {
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

    it("reads an adapter while it is uploaded, and samples under it once it is a policy's", async () => {
      await using run = await openScriptedRun();
      const { coordinator } = run;
      const worker = run.startWorker("w1");
      await run.issue("t1", [0], { policy: await run.publishPolicy(1) });
      await coordinator.until("a rollout", () => coordinator.rollouts.length === 1);

      await using upload = await run.beginUpload(2);
      await upload.end();
      await expect.poll(() => worker.details).toContain("adapter there before its policy");
      await run.issue("t2", [0], { policy: { version: 1, adapter: run.unpublishedPolicy(1).adapter } });
      await coordinator.until("another rollout", () => coordinator.rollouts.length === 2);
      await run.dropPolicy(run.unpublishedPolicy(2)); // Nobody could fetch it now.
      await run.issue("t3", [0], { policy: run.unpublishedPolicy(2) });
      await coordinator.until("the last rollout", () => coordinator.rollouts.length === 3);

      expect(coordinator.rollouts.map(versionsOf)).toEqual([[1], [1], [2]]);
    });

    it("refuses a policy that it cannot have, releases the lease and serves it once it can", async () => {
      await using run = await openScriptedRun();
      const { coordinator } = run;
      run.startWorker("w1");
      const policy = run.unpublishedPolicy(1);

      await run.issue("t1", [0], { policy });
      await coordinator.until("a release", () => coordinator.releases.length > 0);
      expect(coordinator.rollouts).toEqual([]);
      await run.publishPolicy(1);
      await coordinator.until("a rollout", () => coordinator.rollouts.length > 0);

      expect(coordinator.releases[0]?.reason).toContain(`unavailable: there is no ${policy.adapter}`);
      expect(coordinator.rollouts.map(versionsOf)).toEqual([[1]]);
    });
  });
});

function versionsOf({ completion }: Rollout): number[] {
  return completion?.spans.map(({ policyVersion }) => policyVersion) ?? [];
}
