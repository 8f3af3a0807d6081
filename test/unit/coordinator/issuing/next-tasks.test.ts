import { describe, expect, it } from "vitest";
import {
  createPromptOrder,
  type Decision,
  type LedgerState,
  nextDecisions,
  type Prompts,
  type RunSettings,
} from "../../../../coordinator/index.ts";
import { dueEvaluation, nextTasks } from "../../../../coordinator/issuing/next-tasks.ts";
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

const prompts: Prompts = {
  train: ["a", "b", "c", "d", "e"],
  order: createPromptOrder(1, 5),
  heldOut: ["x", "y", "z"],
};

describe("training tasks", () => {
  it.each([
    [0, 2],
    [1, 4],
    [4, 10],
  ])("with a staleness bound of %i are issued %i ahead, two groups a step", (staleness, expected) => {
    const state = runThat({ staleness, steps: 8 });

    expect(nextTasks(state, prompts)).toHaveLength(expected);
  });

  it("never go beyond the last step", () => {
    const state = runThat({ staleness: 4, steps: 2 });

    expect(nextTasks(state, prompts)).toHaveLength(4);
  });

  it("wait while a batch is ahead of its training, and come with each step that is trained", () => {
    const state = runThat({ staleness: 1, steps: 8 }, ...twoGroups(0), batched(1, ["t0", "t1"]));
    const whileTraining = nextTasks(state, prompts).length;

    decide(state, trained(1));

    expect([whileTraining, nextTasks(state, prompts).length]).toEqual([2, 4]);
  });

  it("go through the epoch's order from where it is, and leave out what cannot be used", () => {
    const state = runThat({ staleness: 0 }, issued(0));
    const second = prompts.train[prompts.order.instanceAt(1)] ?? "";
    const third = prompts.train[prompts.order.instanceAt(2)];
    state.unusable.set(second, "prompt-too-long");

    const tasks = nextTasks(state, prompts);

    expect(tasks).toMatchObject([{ task: "t2", ordinal: 2, instance: third, samples: 2, version: null }]);
  });

  it("are not issued while the run is paused", () => {
    expect(nextTasks(runThat({}, { type: "paused" }), prompts)).toEqual([]);
  });
});

describe("an evaluation", () => {
  const evaluated: Partial<RunSettings> = { evalTasks: 2, evalEvery: 2, evalTemperatures: [0, 1], steps: 5 };

  it("of the base comes before any training, one task for each instance and temperature", () => {
    const tasks = nextTasks(runThat(evaluated), prompts);

    expect(
      tasks.map((task) => task.type === "issued" && [task.task, task.instance, task.temperature]),
    ).toEqual([
      ["e0-0", "x", 0],
      ["e0-1", "y", 0],
      ["e0-2", "x", 1],
      ["e0-3", "y", 1],
    ]);
    expect(tasks.every((task) => task.type === "issued" && task.version === 0 && task.lane === "eval")).toBe(
      true,
    );
  });

  it("comes every so many steps and after the last, each of exactly its version", () => {
    const state = runThat({ ...evaluated, evalTemperatures: [0] });
    const due: (number | null)[] = [];

    for (let step = 0; step <= 5; step++) {
      due.push(dueEvaluation(state, 3));
      evaluate(state, due.at(-1) ?? null);
      if (step < 5)
        decide(
          state,
          ...twoGroups(2 * step),
          batched(step + 1, [`t${2 * step}`, `t${2 * step + 1}`]),
          trained(step + 1),
        );
    }

    expect(due).toEqual([0, null, 2, null, 4, 5]);
  });

  it("is made up for when steps went on while the one before was under way", () => {
    const state = runThat({ ...evaluated, evalTemperatures: [0] }, evalIssued(0, 0), evalIssued(0, 1));
    for (const step of [1, 2, 3]) {
      decide(
        state,
        ...twoGroups(2 * step),
        batched(step, [`t${2 * step}`, `t${2 * step + 1}`]),
        trained(step),
      );
    }
    const during = dueEvaluation(state, 3);

    decide(state, accepted("e0-0", 0), accepted("e0-1", 0), { type: "evaluated", version: 0 });

    expect([during, dueEvaluation(state, 3)]).toEqual([0, 2]);
  });

  it("that was issued in part is issued to its end", () => {
    const state = runThat(
      evaluated,
      evalIssued(0, 0),
      evalIssued(0, 1),
      evalIssued(0, 2, { temperature: 1 }),
    );

    expect(nextDecisions(state, prompts)).toMatchObject([{ type: "issued", task: "e0-3", instance: "y" }]);
  });
});

function twoGroups(ordinal: number): Decision[] {
  return [
    ...completedGroup(ordinal, [0, 1], { oldest: 9 }),
    ...completedGroup(ordinal + 1, [0, 1], { oldest: 9 }),
  ];
}

function evaluate(state: LedgerState, version: number | null): void {
  if (version === null) return;
  decide(state, evalIssued(version, 0), evalIssued(version, 1));
  decide(state, accepted(`e${version}-0`, 0), accepted(`e${version}-1`, 0), { type: "evaluated", version });
}
