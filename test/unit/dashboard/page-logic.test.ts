import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Summary } from "../../../coordinator/index.ts";
import { type ChartSpec, linesOf } from "../../../dashboard/charts/series.ts";
import { smooth } from "../../../dashboard/charts/smooth.ts";
import { CHARTS } from "../../../dashboard/charts/specs.ts";
import { decimal, duration, short } from "../../../dashboard/numbers.ts";
import { alignDiffs } from "../../../dashboard/pages/align-diffs.ts";
import { shownSummary } from "../../support/shown-summary.ts";

type StepReport = Summary["steps"][number];

describe("smoothing", () => {
  it("begins at the first value, keeps a constant, and leaves gaps", () => {
    expect(smooth([3, null, 3, 3], 0.9).map((value) => value && Math.round(1e9 * value) / 1e9)).toEqual([
      3,
      null,
      3,
      3,
    ]);
    expect(smooth([1, 3], 0.5)).toEqual([1, (0.25 * 1 + 0.5 * 3) / 0.75]);
  });

  it("stays within the values that it smooths", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (values, weight) => {
          const [least, most] = [Math.min(...values), Math.max(...values)];
          return smooth(values, weight).every(
            (value) => value !== null && value >= least - 1e-6 && value <= most + 1e-6,
          );
        },
      ),
    );
  });
});

describe("the chart of the gap", () => {
  it("has a line for each variant, with a point where a step trained on its tokens", () => {
    const [first, second] = shownSummary(2).steps ?? [];
    const gap = (variant: string, meanAbs: number) => ({ variant, meanAbs }) as StepReport["gaps"][number];
    const steps = [
      { ...(first as StepReport), gaps: [gap("q4", 0.1)] },
      { ...(second as StepReport), gaps: [gap("q4", 0.2), gap("base", 0.01)] },
    ];
    const spec = CHARTS.find(({ title }) => title === "gap") as ChartSpec;

    const lines = linesOf(spec, { run: "r", steps, heldOut: [] }, "step", false);

    expect(lines.map(({ name, points }) => [name, points])).toEqual([
      ["base", [[2, 0.01]]],
      [
        "q4",
        [
          [1, 0.1],
          [2, 0.2],
        ],
      ],
    ]);
  });
});

describe("two diffs of one file", () => {
  it("are in rows by the line of the old file that they concern", () => {
    const rows = alignDiffs("@@ -1,3 +1,3 @@\n a\n-b\n+c\n d", "@@ -1,3 +1,4 @@\n a\n-b\n+e\n+f\n d");

    expect(
      rows.map(([left, right]) => [left?.text ?? null, right?.text ?? null, left?.old ?? right?.old]),
    ).toEqual([
      ["@@ -1,3 +1,3 @@", "@@ -1,3 +1,4 @@", null],
      [" a", " a", 1],
      ["-b", "-b", 2],
      ["+c", "+e", null],
      [null, "+f", null],
      [" d", " d", 3],
    ]);
  });

  it("lose no line of either", () => {
    const line = fc.constantFrom(
      "@@ -3,2 +3,1 @@",
      "@@ -0,0 +1,2 @@",
      " same",
      "-taken",
      "+added",
      "\\ No newline",
    );
    const diff = fc.array(line).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(diff, diff, (predicted, oracle) => {
        const rows = alignDiffs(predicted, oracle);
        const side = (at: 0 | 1) => rows.flatMap((row) => row[at]?.text ?? []).join("\n");
        expect(side(0)).toBe(predicted === "" ? "no change" : predicted);
        expect(side(1)).toBe(oracle === "" ? "no change" : oracle);
      }),
    );
  });
});

describe("numbers", () => {
  it("have a minus sign, no negative zero, and as many digits as they need", () => {
    expect([decimal(-0.25, 2), decimal(-0.001, 2), short(12_345), short(0.00012)]).toEqual([
      "−0.25",
      "0.00",
      "12.3k",
      "1.2e−4",
    ]);
    expect([duration(4.26), duration(185), duration(7_805)]).toEqual(["4.3 s", "3 min 05 s", "2 h 10 min"]);
  });
});
