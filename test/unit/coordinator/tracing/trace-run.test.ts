import { describe, expect, it } from "vitest";
import { applyEvent, type Decision, type LedgerState } from "../../../../coordinator/index.ts";
import { traceRun } from "../../../../coordinator/tracing/trace-run.ts";
import {
  type FinishedSpan,
  leaseSpan,
  readTraceparent,
  sampleSpan,
  stepTrace,
  type Traces,
  taskTrace,
} from "../../../../telemetry/index.ts";
import {
  accepted,
  batched,
  completedGroup,
  issued,
  leased,
  runThat,
  trained,
} from "../../../support/ledger-history.ts";

/** A run whose decisions are traced, a second apart. */
function tracedRun(share: number, settings = {}, ...before: readonly Decision[]) {
  const told: FinishedSpan[] = [];
  const traces: Traces = { isOn: true, share, withText: false, end: (...spans) => void told.push(...spans) };
  const state: LedgerState = runThat({ prompts: 1, ...settings }, ...before);
  const tracer = traceRun("r", traces);
  tracer.begin(state);
  const decide = (...decisions: readonly Decision[]) => {
    for (const decision of decisions) {
      const event = { ...decision, at: state.at + 1_000 };
      applyEvent(state, event);
      tracer.decided(state, event);
    }
  };
  return { told, tracer, decide, names: () => told.map(({ name }) => name) };
}

const DEATH: Decision = {
  type: "released",
  lease: "t0.0",
  task: "t0",
  reason: "worker w1 was silent",
  death: "silence",
};

describe("the coordinator's part of a run's traces", () => {
  it("is a tree from the issue to the step, told once the task is over", () => {
    const { told, decide } = tracedRun(1);

    decide(issued(0), leased("t0", [0, 1]), accepted("t0", 0, { reward: 1 }), accepted("t0", 1));
    decide(batched(1, ["t0"]));
    expect(told).toEqual([]);
    decide(trained(1));

    const trace = taskTrace("r", "t0");
    const seconds = told.map(({ name, startMs, endMs }) => [name, startMs / 1_000, endMs / 1_000]);
    expect(seconds).toEqual([
      ["task", 4, 9],
      ["queue", 4, 5],
      ["lease", 5, 7],
      ["batch-wait", 7, 8],
      ["train", 8, 9],
      ["batch", 8, 9],
    ]);
    expect(told[0]).toMatchObject({
      address: trace.root,
      parent: null,
      attributes: { "fleet.samples": 2, "fleet.samples.trained": 2, "fleet.outcomes": ["trained 2"] },
    });
    for (const { parent } of told.slice(1, 5)) expect(parent).toEqual(trace.root);
    expect(told[4]?.links).toEqual([stepTrace("r", 1).root]);
    expect(told[5]?.links).toEqual([0, 1].map((sample) => sampleSpan(trace, sample, 1)));
    expect(told.map(({ error }) => error).filter(Boolean)).toEqual([]);
  });

  it("has a lease for each attempt, linked to the one before, which its worker's death made an error", () => {
    const { told, decide } = tracedRun(1);

    decide(issued(0), leased("t0", [0, 1]), DEATH, leased("t0", [0, 1], "t0.1"));
    decide(accepted("t0", 0, { reward: 1 }), accepted("t0", 1), batched(1, ["t0"]), trained(1));

    const leases = told.filter(({ name }) => name === "lease");
    expect(leases.map(({ links, error }) => [links, error])).toEqual([
      [[], "worker w1 was silent"],
      [[leaseSpan(taskTrace("r", "t0"), "t0.0")], undefined],
    ]);
  });

  it("goes on in the same trace, and knows what was before, after a restart", () => {
    const before = [issued(0), leased("t0", [0, 1]), accepted("t0", 0, { reward: 1 })];
    const { told, decide } = tracedRun(1, {}, ...before);

    decide(accepted("t0", 1), batched(1, ["t0"]), trained(1));

    expect(told[0]).toMatchObject({ name: "task", startMs: 4_000, address: taskTrace("r", "t0").root });
    expect(told.find(({ name }) => name === "lease")).toMatchObject({ startMs: 5_000, endMs: 7_000 });
  });

  describe("of a share of none", () => {
    it("is the steps alone where nothing is conspicuous", () => {
      const { decide, names, tracer } = tracedRun(0);

      decide(...completedGroup(0, [0, 1]), batched(1, ["t0"]), trained(1));

      expect(names()).toEqual(["batch"]);
      expect(tracer.keeps("t0")).toBe(false);
      expect(readTraceparent(tracer.traceparentOf("t0"))?.sampled).toBe(false);
    });

    const conspicuous: [string, Decision[]][] = [
      ["a worker died over", [issued(0), leased("t0", [0, 1]), DEATH, ...group(0)]],
      ["a sample failed of", [issued(0), failed(0), ...group(0)]],
      ["a sample was given up of", [issued(0, 3), rejected(2), ...group(0)]],
    ];
    for (const [what, decisions] of conspicuous) {
      it(`has a task that ${what}`, () => {
        const { decide, names, tracer } = tracedRun(0);

        decide(...decisions, batched(1, ["t0"]), trained(1));

        expect(names()).toContain("task");
        expect(tracer.keeps("t0")).toBe(true);
      });
    }

    it("has a task with a completion that took more than three times its lane's median", () => {
      const { told, decide } = tracedRun(0, { group: 2, prompts: 11 });

      for (let i = 0; i < 10; i++) decide(...completedGroup(i, [0, 1], { generateMs: 100 + i }));
      decide(issued(10), accepted("t10", 0, { generateMs: 320 }), accepted("t10", 1, { reward: 1 }));
      decide(
        batched(
          1,
          Array.from({ length: 11 }, (_, i) => `t${i}`),
        ),
        trained(1),
      );

      const tasks = told
        .filter(({ name }) => name === "task")
        .map(({ attributes }) => attributes["fleet.task"]);
      expect(tasks).toEqual(["t10"]);
    });

    it("has a task whose samples came too late for the batch", () => {
      const { told, decide } = tracedRun(0, { staleness: 0 });

      decide(issued(0), ...completedGroup(1, [0, 1]), batched(1, ["t1"]), trained(1), ...group(0));
      decide({ type: "skipped", task: "t0", samples: [0, 1], reason: "stale" });

      expect(told.at(-1)).toMatchObject({
        name: "task",
        attributes: { "fleet.task": "t0" },
        error: "2 of 2 samples skipped: stale",
      });
    });
  });
});

function group(ordinal: number): Decision[] {
  return [accepted(`t${ordinal}`, 0, { reward: 1 }), accepted(`t${ordinal}`, 1)];
}

function failed(sample: number): Decision {
  return { type: "failed", task: "t0", sample, reason: "reward-failed", message: "" };
}

function rejected(sample: number): Decision {
  const said = { reason: "malformed", message: "", replace: false, unusable: false };
  return { type: "rejected", task: "t0", samples: [sample], ...said };
}
