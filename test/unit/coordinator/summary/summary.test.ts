import { describe, expect, it } from "vitest";
import { balancesOf } from "../../../../coordinator/index.ts";
import { summarize } from "../../../../coordinator/summary/summary.ts";
import { batched, completedGroup, decide, runThat, trained } from "../../../support/ledger-history.ts";

describe("a summary", () => {
  it("counts every rollout that came for a step, and those that were trained on apart", () => {
    const state = runThat({ steps: 2, prompts: 1 });
    decide(
      state,
      ...completedGroup(0, [1, 1], { exact: true, tokens: 5 }),
      { type: "skipped", task: "t0", samples: [0, 1], reason: "no-signal" },
      ...completedGroup(1, [0, 1], { wellFormed: false }),
      batched(1, ["t1"]),
      trained(1),
    );

    const { steps } = summarize(state, balances(state));

    expect(steps).toMatchObject([
      {
        step: 1,
        skipped: null,
        rollouts: 4,
        trainedRollouts: 2,
        refilledGroups: 1,
        meanReward: 0.75,
        exactRate: 0.5,
        formatRate: 0.5,
        tokens: { sampled: 30, trained: 60, loss: 40 },
        ratio: { mean: 1, max: 1.25 },
        seconds: { wait: 1, forward: 2, backward: 3, optimizer: 4, generate: 0.4, reward: 0.004 },
      },
    ]);
  });

  it("gives each step its own time, from the end of the one before", () => {
    const state = runThat({ steps: 2, prompts: 1 });
    decide(state, ...completedGroup(0, [0, 1]), batched(1, ["t0"]), trained(1)); // 2 + 5 events, a second each.
    decide(state, ...completedGroup(1, [0, 1]), batched(2, ["t1"]), trained(2));

    expect(summarize(state, balances(state)).steps.map(({ seconds }) => seconds.step)).toEqual([7, 5]);
  });

  it("names a step that was skipped, without numbers that nobody measured", () => {
    const state = runThat({ steps: 1, prompts: 1 }, ...completedGroup(0, [0, 1]), batched(1, ["t0"]), {
      type: "step_skipped",
      step: 1,
      epoch: 1,
      reason: "the gradient is not finite",
    });

    const { steps, ledger, versions } = summarize(state, balances(state));

    expect(steps).toMatchObject([
      { skipped: "the gradient is not finite", gradientNorm: 0, trainedRollouts: 2 },
    ]);
    expect(ledger[0]).toMatchObject({ trained: 0, skipped: 2 });
    expect(versions).toHaveLength(2);
  });
});

function balances(state: Parameters<typeof balancesOf>[0]) {
  return balancesOf(state, { duplicates: { train: 0, eval: 0 } });
}
