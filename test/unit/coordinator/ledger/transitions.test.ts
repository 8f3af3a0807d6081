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

const BATCHED = [issued(0), accepted("t0", 0), batched(1, ["t0"], [0])];
const TRAINED = [...BATCHED, trained(1)];

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
    [
      "an evaluation in a batch",
      [evalIssued(0, 0), accepted("e0-0", 0)],
      batched(1, ["e0-0"], [0]),
      "task e0-0 of an evaluation is in a batch",
    ],
    [
      "an evaluation's sample, skipped",
      [evalIssued(0, 0), accepted("e0-0", 0)],
      skipped("e0-0"),
      "task e0-0 of an evaluation cannot be skipped",
    ],
    [
      "a sample skipped out of its batch",
      BATCHED,
      skipped("t0"),
      "task t0 is in batch 1 and cannot be skipped alone",
    ],
    [
      "the end of an evaluation that still waits",
      [evalIssued(0, 0)],
      { type: "evaluated", version: 0 },
      "the evaluation of version 0 still waits for e0-0",
    ],
    [
      "an evaluation that ends twice",
      [evalIssued(0, 0), accepted("e0-0", 0), { type: "evaluated", version: 0 }],
      { type: "evaluated", version: 0 },
      "there is no open evaluation of version 0",
    ],
    [
      "tokens of a sample that has its end",
      [issued(0), accepted("t0", 0)],
      { type: "partial", task: "t0", sample: 0, sequence: 2, oldest: 0 },
      "sample 0 of task t0 is continued while accepted",
    ],
    [
      "the failure of a sample that has its end",
      [issued(0), accepted("t0", 0)],
      { type: "failed", task: "t0", sample: 0, reason: "", message: "" },
      "sample 0 of task t0 is failed while accepted",
    ],
    ["a task of a billion samples", [], issued(0, 1e9), "task t0 cannot have 1000000000 samples"],
    [
      "an archive that goes back",
      [archived(5)],
      archived(4),
      "the archive reaches to 5 and cannot go back to 4",
    ],
    [
      "a rollout that leaves the archive before its sample has its end",
      [issued(0), accepted("t0", 0, { sequence: 3 }), archived(5)],
      { type: "dropped", through: 3, files: [] },
      "rollouts up to 3 cannot be dropped after those up to 0: up to 2 may",
    ],
    [
      "a rollout that leaves the archive twice",
      [archived(5), { type: "dropped", through: 4, files: [] }],
      { type: "dropped", through: 4, files: [] },
      "rollouts up to 4 cannot be dropped after those up to 4: up to 5 may",
    ],
    ["a policy without a batch", [], trained(1), "step 1 cannot follow step 0"],
    ["a policy trained twice", TRAINED, trained(1), "step 1 cannot follow step 1"],
    [
      "a policy of an older trainer",
      [...BATCHED, { type: "trainer_opened", epoch: 2 }],
      trained(1, 1),
      "trainer epoch 1 is over; 2 trains",
    ],
    [
      "a step skipped after it was trained",
      TRAINED,
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
      ...TRAINED,
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

function archived(through: number): Decision {
  return { type: "archived", through, orphans: 0, rollouts: null, outcomes: null };
}

function rejected(task: string): Decision {
  return { type: "rejected", task, samples: [0], reason: "x", message: "y", replace: false, unusable: false };
}

function expired(task: string): Decision {
  return { type: "expired", task, samples: [0], reason: "stale" };
}
