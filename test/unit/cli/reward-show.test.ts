import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScoredReply } from "../../../cli/score-replies.ts";
import { createHistogram } from "../../../cli/show/histogram.ts";
import { coloured, plain } from "../../../cli/show/paint.ts";
import { createRewardReport } from "../../../cli/show/reward-report.ts";
import { scoringLine } from "../../../cli/show/scoring-progress.ts";
import { sideBySide } from "../../../cli/show/side-by-side.ts";
import { describeVerdict } from "../../../cli/show/verdict.ts";
import { visible, widthOf, wrap } from "../../../cli/show/visible.ts";
import { createReward, RewardConfig } from "../../../rewards/index.ts";
import { replyWith } from "../../support/replies.ts";

const FILES = { "a.py": "1\n2\n3\n4\nfive\n6\n7\n" };
const ORACLE = { "a.py": "1\n2\n3\n4\n5\n6\n7\n" };
const CLOSE = replyWith([{ path: "a.py", search: "five", replace: "5\n5b" }]);
const RIGHT = replyWith([{ path: "a.py", search: "five", replace: "5" }]);
const MISSING = replyWith([{ path: "a.py", search: "fife\nsix", replace: "5" }]);

function scored(text: string, line = 1, options: Partial<RewardConfig> = {}): ScoredReply {
  const reward = createReward(RewardConfig.parse(options));
  return { id: "i1", line, nth: line, text, verdict: reward({ files: FILES, oracle: ORACLE, reply: text }) };
}

describe("text of a stranger", () => {
  it.each([
    ["\u001b[31mred", "\\x1b[31mred"],
    ["a\u202eb\u200b", "a\\u{202e}b\\u{200b}"],
    ["\ud800", "\\u{d800}"],
    ["ab\tc", "ab→ c"],
    ["\tc", "→   c"],
    ["été 数 😀", "été 数 😀"],
  ])("%j is shown as %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("takes two columns for a wide character, and none for a combining one", () => {
    expect(["ab", "数", "😀", "e\u0301", "✅", ""].map(widthOf)).toEqual([2, 2, 2, 1, 2, 0]);
  });

  const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));

  it("never leaves a character that acts, and is whole when it is wrapped", () => {
    fc.assert(
      fc.property(units, fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const shown = visible(text);
        const pieces = wrap(shown, columns);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(pieces.join("")).toBe(shown);
        expect(Math.max(...pieces.map(widthOf))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe("two diffs side by side", () => {
  const view = { columns: 80, paint: plain };
  const rowsOf = (a: string, b: string, columns = 80) =>
    sideBySide(a, b, { ...view, columns })
      .split("\n")
      .map((row) => row.replace(/ +/g, " "));

  it("have a row for each line of the old file, and ≠ where the changes differ", () => {
    const predicted = "@@ -4,3 +4,4 @@\n 4\n-five\n+5\n+5b\n 6";
    const oracle = "@@ -3,4 +3,4 @@\n 3\n 4\n-five\n+V\n 6";

    expect(rowsOf(predicted, oracle)).toEqual([
      " predicted change │ true change",
      " │ @@ -3,4 +3,4 @@",
      "3 │ 3",
      " @@ -4,3 +4,4 @@ │",
      "4 4 │ 4",
      "5 -five │ -five",
      " +5 ≠ +V",
      " +5b ≠",
      "6 6 │ 6",
    ]);
  });

  it("say none for a side without a change, and begin a new file at nothing", () => {
    expect(rowsOf("", "@@ -0,0 +1,2 @@\n+x\n+y")).toEqual([
      " predicted change │ true change",
      " none │ @@ -0,0 +1,2 @@",
      " ≠ +x",
      " ≠ +y",
    ]);
  });

  it("follow each other where the terminal is narrow", () => {
    expect(rowsOf("@@ -1 +1 @@\n-a\n+b", "", 40)).toEqual([
      "predicted change",
      "@@ -1 +1 @@",
      "-a",
      "+b",
      "",
      "true change",
      "none",
    ]);
  });

  it("lose no line and stay within the width, whatever the lines are", () => {
    const diff = fc
      .array(fc.tuple(fc.constantFrom(" ", "-", "+", "@", ""), fc.string({ maxLength: 60 })))
      .map((lines) => lines.map(([mark, text]) => `${mark}${visible(text)}`).join("\n"));
    fc.assert(
      fc.property(diff, diff, fc.integer({ min: 20, max: 120 }), (a, b, columns) => {
        const shown = sideBySide(a, b, { columns, paint: plain });
        const squeezed = shown.replace(/\s/g, "");

        expect(Math.max(...shown.split("\n").map(widthOf))).toBeLessThanOrEqual(columns);
        expect(squeezed.length).toBeGreaterThanOrEqual(`${a}${b}`.replace(/\s/g, "").length);
      }),
    );
  });
});

describe("the histogram of rewards", () => {
  it("has −1 and 1 apart from the tenths between", () => {
    const histogram = createHistogram();
    for (const reward of [-1, -1, -1, -1, 0, 0.05, 0.25, 1]) histogram.add(reward);

    expect(histogram.text(40).split("\n")).toEqual([
      `        −1  4  50.0 %  ${"█".repeat(17)}`,
      `0.0 to 0.1  2  25.0 %  ${"█".repeat(8)}▌`,
      "0.1 to 0.2  0   0.0 %",
      `0.2 to 0.3  1  12.5 %  ${"█".repeat(4)}▎`,
      `         1  1  12.5 %  ${"█".repeat(4)}▎`,
    ]);
  });

  it("counts every reward once and stays short, however wide they are spread", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1 }), (rewards) => {
        const histogram = createHistogram();
        for (const reward of rewards) histogram.add(reward);

        const rows = histogram.text(80).split("\n");
        const counts = rows.map((row) => Number(/ {2}(\d+) {2}/.exec(`  ${row}`.trim())?.[1]));

        expect(rows.length).toBeLessThanOrEqual(28);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rewards.length);
      }),
    );
  });
});

describe("the report on a file of replies", () => {
  const view = { columns: 80, paint: plain };

  it("has the mean, every verdict counted, and the worst and the best reply", () => {
    const report = createRewardReport();
    for (const [index, text] of [CLOSE, MISSING, RIGHT, "nothing", RIGHT].entries()) {
      report.add(scored(text, index + 1));
    }
    report.add({ id: "i2", line: 6, nth: 1, text: "", failure: "scoring took longer than 10 ms" });

    const text = report.text(view);

    expect(text).toMatch(/^6 replies to 2 tasks, mean reward 0\.1\d\d$/m);
    expect(text).toMatch(
      /^exact +2 +33\.3 %\nnot scored +1 +16\.7 %\nnot-found +1 .*\nsimilar +1 .*\ntag:<think> +1 /m,
    );
    expect(text).toMatch(/^── worst: i1, reply 2, line 2\nreward −1\.0000: not-found: /m);
    expect(text).toMatch(/^── best: i1, reply 3, line 3\nreward 1\.0000: the true change\n {2}│ <think>$/m);
  });

  it("shows one reply where all have the same reward, and cuts a long one", () => {
    const report = createRewardReport();
    report.add(scored(`${"a line\n".repeat(99)}${"x".repeat(200)}`));

    expect(report.text(view)).toMatch(/^1 reply to 1 task, mean reward −1\.000$/m);
    expect(report.text(view)).toMatch(/^── all alike, the first: i1, reply 1, line 1$/m);
    expect(report.text(view)).toMatch(/^ {2}… 84 more lines$/m);
  });
});

describe("the progress of scoring", () => {
  const state = { share: 0.5, replies: 300, meanReward: 0.25, seconds: 10 };

  it("has bar, share, replies, mean reward, speed and time left", () => {
    expect(scoringLine(state, 80)).toBe(
      `${"█".repeat(12)}${"░".repeat(12)} 50 %  300 replies  mean 0.250  30/s  10s left`,
    );
  });

  it("does without what is not known, and within the width", () => {
    expect(scoringLine({ ...state, share: null }, 80)).toBe("300 replies  mean 0.250  30/s");
    expect(scoringLine(state, 30)).toBe(`${"█".repeat(12)}${"░".repeat(12)} 50 % `);
  });
});

describe("a verdict in full", () => {
  const explain = (reply: ScoredReply, columns = 80) => describeVerdict(reply, { columns, paint: plain });

  it("has the similarity of each file and both changes", () => {
    const text = explain(scored(CLOSE, 3));

    expect(text).toMatch(/^── i1, reply 3, line 3\n\nreward 0\.\d{4}: similarity to the true change/);
    expect(text).toMatch(/^similarity {2}file\n +0\.\d{4} {2}a\.py$/m);
    expect(text).toMatch(/^ +\+5b +≠$/m);
  });

  it("has the class of the mistake and the offending text, with its lines in the reply", () => {
    const text = explain(scored(MISSING));

    expect(text).toContain("reward −1.0000: not-found: the text to replace is not in a.py");
    expect(text).toMatch(/^at line 8 of the reply:\n8 │ fife\n9 │ six$/m);
  });

  it("colours what is wrong and the changes, and is otherwise the same text", () => {
    const reply = scored(CLOSE);

    const painted = describeVerdict(reply, { columns: 80, paint: coloured });

    expect(painted).toContain("\u001b[31m-five\u001b[39m");
    expect(painted).toContain("\u001b[32m+5b\u001b[39m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
    expect(painted.replace(/\u001b\[\d+m/g, "").replace(/ +$/gm, "")).toBe(explain(reply));
  });

  it("lets nothing of a reply act on the terminal", () => {
    const evil = replyWith([{ path: "a\u001b[2J.py", search: "\u001b]0;title\u0007", replace: "x" }]);

    expect(explain(scored(evil))).toContain("\\x1b]0;title\\x07");
    expect(explain(scored(evil))).not.toContain("\u001b");
  });
});
