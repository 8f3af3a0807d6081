import { describe, expect, it } from "vitest";
import { type Decision, emptyState, IllegalTransitionError } from "../../../../coordinator/index.ts";
import { decide, runThat, SETTINGS } from "../../../support/ledger-history.ts";

describe("a run", () => {
  const phases: Record<string, readonly Decision[]> = {
    running: [],
    paused: [{ type: "paused" }],
    ended: [{ type: "ended", failed: false, reason: "done" }],
    failed: [{ type: "ended", failed: true, reason: "no" }],
  };
  const moves: Record<string, Decision> = {
    paused: { type: "paused" },
    running: { type: "resumed" },
    ended: { type: "ended", failed: false, reason: "done" },
    failed: { type: "ended", failed: true, reason: "no" },
  };
  const refused = [
    ["running", "running"],
    ["paused", "paused"],
    ["ended", "paused"],
    ["ended", "ended"],
    ["ended", "failed"],
    ["failed", "paused"],
    ["failed", "ended"],
    ["failed", "failed"],
  ] as const;

  it.each([
    ["running", "paused"],
    ["paused", "running"],
    ["running", "ended"],
    ["running", "failed"],
    ["paused", "ended"],
    ["paused", "failed"],
  ])("that is %s may become %s", (from, to) => {
    const state = runThat({}, ...(phases[from] ?? []));

    decide(state, moves[to] as Decision);

    expect(state.phase).toBe(to);
  });

  it.each(refused)("that is %s cannot become %s", (from, to) => {
    const state = runThat({}, ...(phases[from] ?? []));

    expect(() => decide(state, moves[to] as Decision)).toThrow(
      new IllegalTransitionError(`the run cannot go from ${from} to ${to}`),
    );
  });

  it.each(["ended", "failed"])(
    "that is %s goes on once it is configured anew, without its old troubles",
    (from) => {
      const state = runThat({}, { type: "refill_exhausted", step: 1 }, ...(phases[from] ?? []));

      decide(state, { type: "configured", settings: { ...SETTINGS, steps: 9 } });

      expect(state).toMatchObject({ phase: "running", endReason: "", givenUp: 0, settings: { steps: 9 } });
    },
  );

  it("starts once", () => {
    const start: Decision = { type: "run_started", schema: 1, run: "r", base: "b", settings: SETTINGS };
    const state = emptyState();
    decide(state, start);

    expect(() => decide(state, start)).toThrow("the run cannot go from running to running");
  });
});
