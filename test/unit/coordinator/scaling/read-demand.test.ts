import { describe, expect, it } from "vitest";
import { SCENARIOS } from "../../../../bench/scaling/scenarios.ts";
import { openSimulatedLedger } from "../../../../bench/scaling/simulated-ledger.ts";
import { drawWorkload } from "../../../../bench/scaling/workload.ts";
import { readDemand } from "../../../../coordinator/scaling/read-demand.ts";

const STEADY = SCENARIOS[0] as (typeof SCENARIOS)[number];
/** Of the scenarios: groups of a step, samples of a group, steps of a window. */
const [GROUPS, GROUP, WINDOW] = [16, 8, 5];
const SAMPLES = GROUPS * GROUP;
const TOKENS = 100;

/** A ledger whose window is issued, and acts on it. */
function openRun() {
  const ledger = openSimulatedLedger(STEADY);
  ledger.follow(0);
  let sequence = 0;
  const tasks = () =>
    [...ledger.state.tasks.values()].filter(({ batch, open }) => batch === null && open > 0);

  function complete(groups: number, atSeconds: number, hasSignal = true): void {
    for (const { task, samples } of tasks().slice(0, groups)) {
      samples.forEach((_, sample) => {
        const rollout = {
          sequence: ++sequence,
          sha256: "",
          reward: hasSignal ? sample % 2 : 0,
          wellFormed: true,
          exact: false,
          oldest: ledger.state.step,
          tokens: TOKENS,
          cutOff: false,
          worker: "w",
          generateMs: 0,
          rewardMs: 0,
        };
        ledger.decide({ type: "accepted", task, sample, attempt: 1, rollout }, atSeconds);
      });
    }
    ledger.follow(atSeconds);
  }

  function train(step: number, atSeconds: number): void {
    const metrics = {} as Extract<Parameters<typeof ledger.decide>[0], { type: "trained" }>["metrics"];
    ledger.decide({ type: "trained", step, epoch: 1, adapter: `a${step}`, metrics }, atSeconds);
    ledger.follow(atSeconds);
  }

  const demand = (atSeconds: number, heldTokens = 0) =>
    readDemand(ledger.state, { nowMs: atSeconds * 1_000, maxTokens: 400, heldOut: 0, heldTokens });
  return { ledger, complete, train, demand };
}

describe("What the updater can still use", () => {
  it("is a whole window of the guessed length before the first completion", () => {
    const { demand } = openRun();

    expect(demand(0)).toMatchObject({
      stepTokens: SAMPLES * 100,
      stepSeconds: null,
      trainingSeconds: null,
      readySteps: 0,
      windowSteps: WINDOW,
      openTokens: WINDOW * SAMPLES * 100,
      laterTokens: (STEADY.steps - WINDOW) * SAMPLES * 100,
    });
  });

  it("counts complete groups as ready, the batch in training apart, and what workers hold as sampled", () => {
    const { complete, demand } = openRun();

    complete(GROUPS + 8, 50);

    expect(demand(60, 1_000)).toMatchObject({
      trainingSeconds: 10,
      readySteps: 0.5,
      openTokens: (WINDOW - 1.5) * SAMPLES * TOKENS - 1_000,
    });
  });

  it("counts the second composed batch as ready too", () => {
    const { complete, demand } = openRun();

    complete(3 * GROUPS, 50);

    expect(demand(60)).toMatchObject({ trainingSeconds: 10, readySteps: 2 });
  });

  it("takes the updater's seconds from when it had both the batch and the time for it", () => {
    const { complete, train, demand } = openRun();

    complete(2 * GROUPS, 50);
    train(1, 80);
    train(2, 120);

    expect(demand(130)).toMatchObject({ stepSeconds: 40, trainingSeconds: null });
  });

  it("samples more for a step where groups without signal are replaced", () => {
    const { complete, demand } = openRun();

    complete(GROUPS, 50, false);
    complete(GROUPS, 60);

    expect(demand(60).stepTokens).toBeCloseTo(2 * SAMPLES * TOKENS, 0);
  });

  it("has nothing later while the run is paused", () => {
    const { ledger, demand } = openRun();

    ledger.decide({ type: "paused" }, 10);

    expect(demand(20).laterTokens).toBe(0);
  });

  it("has one completion left until the last batch is composed, since a group may still be found too old", () => {
    const { complete, train, demand } = openRun();
    for (let step = 1; step < STEADY.steps; step++) {
      complete(GROUPS, step * 10);
      train(step, step * 10 + 5);
    }

    const before = demand(2_000);
    complete(GROUPS, 2_000);

    expect(before.laterTokens).toBe(TOKENS);
    expect(demand(2_000)).toMatchObject({ openTokens: 0, laterTokens: 0 });
  });
});

describe("The workload of a scenario", () => {
  it("is the same whenever it is drawn, and another with another seed", () => {
    const [first, again, other] = [1, 1, 2].map((seed) => drawWorkload(STEADY, seed).group(7).lengthsG);

    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("has completions of the mean length that the scenario says", () => {
    const workload = drawWorkload(STEADY, 1);
    const lengths = Array.from({ length: 1_000 }, (_, ordinal) => workload.group(ordinal).lengthsG).flat();

    expect(lengths.reduce((sum, length) => sum + length, 0) / lengths.length / 1_000).toBeCloseTo(1, 1);
  });
});
