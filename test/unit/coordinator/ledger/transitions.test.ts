import { describe, expect, it } from "vitest";
import { type Decision, IllegalTransitionError } from "../../../../coordinator/index.ts";
import {
  accepted,
  batched,
  decide,
  evalIssued,
  issued,
  leased,
  METRICS,
  runThat,
  trained,
} from "../../../support/ledger-history.ts";

/** How sample 0 of task t0 comes into each state, its sibling staying open. */
const WAYS: Record<string, readonly Decision[]> = {
  open: [issued(0)],
  accepted: [issued(0), accepted("t0", 0)],
  batched: [issued(0), accepted("t0", 0), batched(1, ["t0"], [0])],
  trained: [issued(0), accepted("t0", 0), batched(1, ["t0"], [0]), trained(1)],
  skipped: [issued(0), accepted("t0", 0), skipped("t0")],
  rejected: [issued(0), rejected("t0")],
  expired: [issued(0), expired("t0")],
};
const MOVES: Record<string, Decision> = {
  accepted: accepted("t0", 0),
  rejected: rejected("t0"),
  expired: expired("t0"),
  batched: batched(2, ["t0"], [0]),
  skipped: skipped("t0"),
};
const ALLOWED = new Set([
  "open → accepted",
  "open → rejected",
  "open → expired",
  "accepted → batched",
  "accepted → skipped",
  "batched → skipped",
]);
const PAIRS = Object.keys(WAYS).flatMap((from) => Object.keys(MOVES).map((to) => `${from} → ${to}`));

describe("a sample", () => {
  it.each(PAIRS.filter((pair) => ALLOWED.has(pair)))("goes %s", (pair) => {
    const [from = "", to = ""] = pair.split(" → ");
    const state = runThat({}, ...(WAYS[from] ?? []));
    const { batched: batch, ...others } = MOVES;

    decide(
      state,
      to === "batched" ? ({ ...(batch as Decision), step: 1 } as Decision) : (others[to] as Decision),
    );

    expect(state.tasks.get("t0")?.samples[0]?.state).toBe(to);
  });

  it.each(PAIRS.filter((pair) => !ALLOWED.has(pair)))("does not go %s", (pair) => {
    const [from = "", to = ""] = pair.split(" → ");
    const state = runThat({}, ...(WAYS[from] ?? []));
    const step = state.composed + 1;

    const move = () => decide(state, to === "batched" ? batched(step, ["t0"], [0]) : (MOVES[to] as Decision));

    expect(move).toThrow(
      to === "batched" && ["batched", "trained"].includes(from)
        ? new IllegalTransitionError("task t0 is in batch 1 and cannot be in 2")
        : new IllegalTransitionError(`sample 0 of task t0 cannot go from ${from} to ${to}`),
    );
  });

  it("of an evaluation is evaluated once, and nothing follows", () => {
    const state = runThat({}, evalIssued(0, 0, { samples: 2 }), accepted("e0-0", 0));

    decide(state, { type: "evaluated", version: 0 });

    expect(state.tasks.get("e0-0")?.samples[0]?.state).toBe("evaluated");
    expect(() => decide(state, accepted("e0-0", 0))).toThrow("cannot go from evaluated to accepted");
    expect(() => decide(state, { type: "evaluated", version: 0 })).toThrow(
      "there is no open evaluation of version 0",
    );
  });
});

describe("refused by name is", () => {
  it.each<[string, readonly Decision[], Decision, string]>([
    ["a task issued twice", [issued(0)], issued(0), "task t0 is issued a second time"],
    [
      "a task that is over, issued again",
      [issued(0, 1), rejected("t0")],
      issued(0),
      "task t0 is issued a second time",
    ],
    [
      "a second lease of a task",
      [issued(0), leased("t0", [0])],
      leased("t0", [1], "x"),
      "task t0 is leased twice, as t0.0 and x",
    ],
    [
      "a lease of what is not open",
      [issued(0), accepted("t0", 0)],
      leased("t0", [0]),
      "sample 0 of task t0 is leased while accepted",
    ],
    [
      "the end of a lease that nobody holds",
      [issued(0)],
      { type: "released", lease: "x", task: "t0", reason: "", death: false },
      "lease x ends, but it is not held",
    ],
    ["a sample that there is not", [issued(0)], accepted("t0", 7), "task t0 has no sample 7"],
    ["a task that there is not", [], accepted("t9", 0), "there is no live task t9"],
    [
      "a replacement that is not owed",
      [issued(0)],
      { type: "replaced", task: "t0", samples: [2] },
      "task t0 is owed 0 samples, not 1",
    ],
    [
      "a replacement out of order",
      [issued(0), expired("t0")],
      { type: "replaced", task: "t0", samples: [5] },
      "sample 5 of task t0 cannot be its next",
    ],
    [
      "a batch that leaves out a step",
      [issued(0), accepted("t0", 0)],
      batched(2, ["t0"], [0]),
      "batch 2 cannot follow batch 0",
    ],
    ["a policy without a batch", [], trained(1), "step 1 cannot follow step 0"],
    ["a policy trained twice", WAYS["trained"] ?? [], trained(1), "step 1 cannot follow step 1"],
    [
      "a policy of an older trainer",
      [...(WAYS["batched"] ?? []), { type: "trainer_opened", epoch: 2 }],
      trained(1, 1),
      "trainer epoch 1 is over; 2 trains",
    ],
    [
      "a step skipped after it was trained",
      WAYS["trained"] ?? [],
      { type: "step_skipped", step: 1, epoch: 1, reason: "" },
      "step 1 cannot follow step 1",
    ],
    [
      "a coordinator's epoch used twice",
      [],
      { type: "opened", epoch: 1 },
      "coordinator epoch 1 cannot follow epoch 1",
    ],
    [
      "a trainer's epoch used twice",
      [],
      { type: "trainer_opened", epoch: 1 },
      "trainer epoch 1 cannot follow epoch 1",
    ],
  ])("%s", (_, before, decision, message) => {
    const state = runThat({}, ...before);

    expect(() => decide(state, decision)).toThrow(new IllegalTransitionError(message));
  });
});

describe("a step that the trainer skips", () => {
  it("makes a version of its own with the adapter before it", () => {
    const state = runThat(
      {},
      ...(WAYS["trained"] ?? []),
      issued(1),
      accepted("t1", 0),
      accepted("t1", 1),
      batched(2, ["t1"]),
    );

    decide(state, { type: "step_skipped", step: 2, epoch: 1, reason: "not finite" });

    expect(state.policies).toEqual([
      { version: 0, adapter: "" },
      { version: 1, adapter: "a1" },
      { version: 2, adapter: "a1" },
    ]);
    expect(state.lanes.train.skipped.get("step-skipped")).toBe(2);
    expect(state.steps.get(1)?.metrics).toEqual(METRICS);
  });
});

function skipped(task: string): Decision {
  return { type: "skipped", task, samples: [0], reason: "run-over" };
}

function rejected(task: string): Decision {
  return { type: "rejected", task, samples: [0], reason: "x", message: "y", replace: false, unusable: false };
}

function expired(task: string): Decision {
  return { type: "expired", task, samples: [0], reason: "stale" };
}
