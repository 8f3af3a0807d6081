import { describe, expect, it } from "vitest";
import { createPromptOrder, type Prompts } from "../../../../coordinator/index.ts";
import {
  evaluationReplacements,
  finishedEvaluations,
  hopelessness,
  isOver,
  leftovers,
} from "../../../../coordinator/issuing/run-end.ts";
import {
  accepted,
  batched,
  completedGroup,
  decide,
  evalIssued,
  issued,
  runThat,
  trained,
} from "../../../support/ledger-history.ts";

const prompts: Prompts = { train: ["a", "b"], order: createPromptOrder(1, 2), heldOut: ["x"] };
const ONE_STEP = [...completedGroup(0, [0, 1]), batched(1, ["t0"]), trained(1)];

describe("a run", () => {
  it("is over when every step is trained, every sample has its end and the last policy is evaluated", () => {
    const state = runThat({ steps: 1, evalTasks: 1 }, evalIssued(0, 0), accepted("e0-0", 0));
    decide(state, { type: "evaluated", version: 0 }, ...ONE_STEP);
    const afterTraining = isOver(state, prompts);

    decide(state, evalIssued(1, 0), accepted("e1-0", 0), { type: "evaluated", version: 1 });

    expect([afterTraining, isOver(state, prompts)]).toEqual([false, true]);
  });

  it("lets go of what no step will use: open samples expire, accepted ones are skipped", () => {
    const state = runThat({ steps: 1 }, issued(5), accepted("t5", 1), ...ONE_STEP);

    const decisions = leftovers(state);
    decide(state, ...decisions);

    expect(decisions).toEqual([
      { type: "expired", task: "t5", samples: [0], reason: "run-over" },
      { type: "skipped", task: "t5", samples: [1], reason: "run-over" },
    ]);
    expect(isOver(state, prompts)).toBe(true);
  });

  it("has no hope after three steps in a row were given up, and has again once a batch comes together", () => {
    const exhausted = { type: "refill_exhausted", step: 1 } as const;
    const state = runThat({ steps: 2 }, exhausted, exhausted);
    const afterTwo = hopelessness(state, prompts);
    decide(state, exhausted);
    const afterThree = hopelessness(state, prompts);

    decide(state, ...completedGroup(0, [0, 1]), batched(1, ["t0"]));

    expect(afterTwo).toBeNull();
    expect(afterThree).toMatch(/^3 times in a row no batch came together: the rewards/);
    expect(hopelessness(state, prompts)).toBeNull();
  });

  it("has no hope when no instance can be used, and says why of one", () => {
    const state = runThat({});
    state.unusable.set("a", "prompt-too-long: 9000 tokens");
    const withOneLeft = hopelessness(state, prompts);
    state.unusable.set("b", "prompt-too-long: 8000 tokens");

    expect(withOneLeft).toBeNull();
    expect(hopelessness(state, prompts)).toBe(
      "no instance of the dataset can be used; of a: prompt-too-long: 9000 tokens",
    );
  });
});

describe("an evaluation", () => {
  it("is done when the end of its last sample is known, lost ones included", () => {
    const state = runThat({ evalTasks: 2 }, evalIssued(0, 0), evalIssued(0, 1), accepted("e0-0", 0));
    const before = finishedEvaluations(state);

    decide(state, lost("e0-1", false));

    expect(before).toEqual([]);
    expect(finishedEvaluations(state)).toEqual([{ type: "evaluated", version: 0 }]);
  });

  it("gives a lost sample that may be made up for a new index", () => {
    const state = runThat({ evalTasks: 1 }, evalIssued(0, 0), lost("e0-0", true));

    expect(finishedEvaluations(state)).toEqual([]);
    expect(evaluationReplacements(state)).toEqual([{ type: "replaced", task: "e0-0", samples: [1] }]);
  });
});

function lost(task: string, replace: boolean) {
  return {
    type: "rejected",
    task,
    samples: [0],
    reason: "x",
    message: "",
    replace,
    unusable: false,
  } as const;
}
