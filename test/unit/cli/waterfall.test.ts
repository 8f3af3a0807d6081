import { describe, expect, it } from "vitest";
import { plain } from "../../../cli/show/paint.ts";
import { waterfall } from "../../../cli/show/waterfall.ts";
import { type FinishedSpan, taskTrace } from "../../../telemetry/index.ts";

const { root, span } = taskTrace("r", "t7");

const TRACE: FinishedSpan[] = [
  {
    name: "task",
    address: root,
    parent: null,
    startMs: 0,
    endMs: 12_000,
    attributes: { "fleet.task": "t7", "fleet.outcomes": ["trained 1"] },
  },
  {
    name: "train",
    address: span("train"),
    parent: root,
    startMs: 9_000,
    endMs: 12_000,
    attributes: { "fleet.step": 3 },
  },
  {
    name: "lease",
    address: span("lease"),
    parent: root,
    startMs: 3_000,
    endMs: 6_000,
    attributes: { "fleet.worker": "w\u001b[2J1" },
    error: "it died",
  },
  {
    name: "sample",
    address: span("sample"),
    parent: span("lease"),
    startMs: 3_000,
    endMs: 3_000,
    attributes: { "fleet.sample": 4, "fleet.attempt": 2, "fleet.worker": "w1", "fleet.reward": 0.25 },
  },
];

describe("a waterfall", () => {
  it("is a tree in the order of time beside bars on one axis, with what there is to say", () => {
    expect(waterfall(TRACE, { columns: 100, paint: plain })).toBe(`\
task t7                   12.0 s  █████████████████████████████████  trained 1
  lease                  3000 ms          █████████                  w\\x1b[2J1, it died
    sample 4, attempt 2     0 ms          █                          reward 0.2500
  train                  3000 ms                          █████████  step 3`);
  });

  it("keeps to a narrow terminal", () => {
    const lines = waterfall(TRACE, { columns: 64, paint: plain }).split("\n");

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(64);
  });
});
