import { describe, expect, it } from "vitest";
import { type Decision, type LedgerState, nextBatching } from "../../../../coordinator/index.ts";
import {
  accepted,
  batched,
  completedGroup,
  decide,
  issued,
  leased,
  runThat,
  trained,
} from "../../../support/ledger-history.ts";

describe("a batch", () => {
  it("is the first groups that are complete, in the order in which they were issued", () => {
    const state = runThat({}, issued(0), ...completedGroup(1, [0, 1]), ...completedGroup(2, [1, 0]));

    expect(nextBatching(state)).toEqual([batched(1, ["t1", "t2"])]);
  });

  it("is composed one ahead of the one in training, and no further", () => {
    const groups = [0, 1, 2, 3, 4, 5].flatMap((ordinal) => completedGroup(ordinal, [0, 1]));
    const state = runThat({ staleness: 3 }, ...groups);

    const steps = settle(state).map((decision) => decision.type === "batched" && decision.step);

    expect(steps).toEqual([1, 2]);
    expect(nextBatching(state)).toEqual([]);
  });

  it("is not composed beyond the last step", () => {
    const state = runThat(
      { steps: 2 },
      { type: "stop_requested", afterStep: 0 },
      ...completedGroup(0, [0, 1]),
    );

    expect(nextBatching(state)).toEqual([]);
  });

  it("takes a group that is short from half its size on, and skips it below", () => {
    const lose = (task: string, samples: number[]): Decision => ({
      type: "rejected",
      task,
      samples,
      reason: "reward-failed",
      message: "",
      replace: false,
      unusable: false,
    });
    const half = [issued(0, 4), accepted("t0", 0), accepted("t0", 3, { reward: 1 }), lose("t0", [1, 2])];
    const less = [issued(1, 4), accepted("t1", 0), lose("t1", [1, 2, 3])];

    const decisions = settle(runThat({ prompts: 1, group: 4 }, ...less, ...half));

    expect(decisions).toEqual([
      { type: "skipped", task: "t1", samples: [0], reason: "short" },
      batched(1, ["t0"], [0, 3]),
    ]);
  });
});

describe("staleness", () => {
  describe("A batch is trained exactly once", () => {
    it("is judged when the batch is composed: at the bound a sample trains, beyond it it is skipped", () => {
      const state = runThat({ staleness: 1, prompts: 1, group: 2 });
      decide(state, ...completedGroup(0, [0, 1]), batched(1, ["t0"]), trained(1));
      decide(state, ...completedGroup(1, [0, 1], { oldest: 0 }), ...completedGroup(2, [0, 1], { oldest: 0 }));

      const decisions = settle(state);

      expect(decisions).toEqual([
        batched(2, ["t1"]),
        { type: "skipped", task: "t2", samples: [0, 1], reason: "stale" },
      ]);
      expect(state.steps.get(2)).toMatchObject({ stalenessMost: 1, stalenessSum: 2 });
    });
  });

  it("of tokens to go on from expires the open sample, and a new one makes up for it", () => {
    const state = runThat({ staleness: 0, prompts: 1, steps: 3 });
    decide(state, issued(1), leased("t1", [0, 1]), {
      type: "partial",
      task: "t1",
      sample: 1,
      sequence: 5,
      oldest: 0,
    });
    decide(state, ...completedGroup(0, [0, 1]), batched(1, ["t0"]));

    const decisions = settle(state);

    expect(decisions).toEqual([
      { type: "expired", task: "t1", samples: [1], reason: "stale" },
      { type: "replaced", task: "t1", samples: [2] },
    ]);
    expect(state.lanes.train).toMatchObject({ issued: 5, expired: 1 });
    expect(state.liveSequences.has(5)).toBe(false);
  });

  it("of a group's accepted samples does not take the place of those that expired", () => {
    const state = runThat({ staleness: 0, prompts: 1, steps: 3 });
    decide(state, issued(1), leased("t1", [0, 1]), {
      type: "partial",
      task: "t1",
      sample: 1,
      sequence: 5,
      oldest: 0,
    });
    decide(state, accepted("t1", 0), ...completedGroup(0, [0, 1]), batched(1, ["t0"]));

    expect(settle(state).map(({ type }) => type)).toEqual(["expired", "skipped", "replaced"]);
  });
});

describe("groups without signal", () => {
  it("are skipped and counted for the step, its rewards included", () => {
    const state = runThat({}, ...completedGroup(0, [0.5, 0.5005]));

    const decisions = settle(state);

    expect(decisions).toEqual([{ type: "skipped", task: "t0", samples: [0, 1], reason: "no-signal" }]);
    expect(state.steps.get(1)).toMatchObject({
      refilled: 1,
      groups: 0,
      sums: { rollouts: 2, reward: 1.0005 },
    });
  });

  it("give the step up when too many came, and no number is used", () => {
    const flat = [0, 1, 2, 3].flatMap((ordinal) => completedGroup(ordinal, [1, 1]));
    const state = runThat({ refillAtMost: 2, prompts: 2 }, ...flat);

    const decisions = settle(state);

    expect(decisions.at(-1)).toEqual({ type: "refill_exhausted", step: 1 });
    expect(state).toMatchObject({ composed: 0, refilled: 0, givenUp: 1 });
  });

  it("before a batch that came together do not count against the next", () => {
    const state = runThat({ refillAtMost: 1, prompts: 2 }, ...completedGroup(0, [1, 1]));

    settle(state);
    decide(state, ...completedGroup(1, [0, 1]), ...completedGroup(2, [0, 1]));
    settle(state);

    expect(state).toMatchObject({ composed: 1, refilled: 0, givenUp: 0 });
  });
});

/** Decides until nothing follows; returns all of it. */
function settle(state: LedgerState): Decision[] {
  const all: Decision[] = [];
  for (let next = nextBatching(state); next.length > 0; next = nextBatching(state)) {
    decide(state, ...next);
    all.push(...next);
  }
  return all;
}
