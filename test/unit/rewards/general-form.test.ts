import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  compareFiles,
  compareUnifiedDiffs,
  createBudget,
  createReward,
  meanSimilarity,
  RewardConfig,
} from "../../../rewards/index.ts";
import { replyWith } from "../../support/replies.ts";

interface Vector {
  readonly id: string;
  readonly expected_error: string | null;
  readonly expected_reward: number;
  readonly pred_patch?: Readonly<Record<string, string>>;
  readonly oracle_patch?: Readonly<Record<string, string>>;
}

const vectors = readFileSync(new URL("../../fixtures/rewards/reward_vectors.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Vector);

const BEFORE = { "a.py": "one\ntwo\nthree\n", "b.py": "1\n" };

/** A patch of several files, as git writes it. */
function gitDiff(patches: Readonly<Record<string, string>>): string {
  return Object.entries(patches)
    .filter(([, hunks]) => hunks !== "")
    .map(([path, hunks]) => `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n${hunks}\n`)
    .join("");
}

describe("the general form", () => {
  it("gives what SWE-RL's reward gives for the same change", () => {
    const oracle = { "a.py": "one\n2\nthree\n" };
    const edits = [
      { path: "a.py", search: "two", replace: "zwei" },
      { path: "b.py", search: "1", replace: "2" },
    ];
    const verdict = createReward(RewardConfig.parse({}))({ files: BEFORE, oracle, reply: replyWith(edits) });

    const files = compareFiles(BEFORE, { "a.py": "one\nzwei\nthree\n", "b.py": "2\n" }, oracle);

    expect(files).toEqual(verdict.explanation.files);
    expect(meanSimilarity(files)).toBe(verdict.reward);
  });

  it("counts nothing for a file that only one side changes, and leaves out those that neither does", () => {
    const files = compareFiles(BEFORE, { "a.py": "one\n" }, { "a.py": BEFORE["a.py"], "b.py": "2\n" });

    expect(files.map(({ path, similarity }) => [path, similarity])).toEqual([
      ["a.py", 0],
      ["b.py", 0],
    ]);
    expect(compareFiles(BEFORE, BEFORE, { "b.py": "1\n" })).toEqual([]);
  });

  it("costs at most what a budget allows, as the form for diffs does", () => {
    const [before, after] = [{ "a.py": "1\n".repeat(500) }, { "a.py": "2\n".repeat(500) }];
    const diff = gitDiff({ "a.py": "@@ -1 +1 @@\n-1\n+2" });
    const other = gitDiff({ "a.py": "@@ -1 +1 @@\n-1\n+3" });

    expect(() => compareFiles(before, after, after, createBudget(100))).toThrow("more than 100 operations");
    expect(() => compareUnifiedDiffs(diff, other, createBudget(10))).toThrow("more than 10 operations");
    expect(compareUnifiedDiffs(diff, other, createBudget(10_000))).toHaveLength(1);
  });

  it("takes deleted and new files on both sides", () => {
    const change = { "b.py": null, "new.py": "x\n" };

    expect(compareFiles(BEFORE, change, change).map(({ path }) => path)).toEqual(["b.py", "new.py"]);
    expect(meanSimilarity(compareFiles(BEFORE, change, change))).toBe(1);
  });

  it("calls two changes of nothing alike", () => expect(meanSimilarity([])).toBe(1));
});

describe("the form for unified diffs", () => {
  const wellFormed = vectors.filter((vector) => vector.expected_error === null && vector.oracle_patch);

  it.each(wellFormed.map((vector) => [vector.id, vector] as const))(
    "gives the reward of case %s from its two patches",
    (_id, { pred_patch = {}, oracle_patch = {}, expected_reward }) => {
      const files = compareUnifiedDiffs(gitDiff(pred_patch), gitDiff(oracle_patch));

      expect(meanSimilarity(files)).toBe(expected_reward);
    },
  );

  it("ignores titles of hunks, times, trimmed blanks and marks of a missing line break", () => {
    const plain = "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\n one\n \n-2\n+3\n";
    const dressed =
      "diff --git a/x.py b/x.py\nindex 1..2 100644\n--- a/x.py\t2024-01-01\n+++ b/x.py\t2024-01-02\n@@ -1,3 +1,3 @@ def f():\n one\n\n-2\n\\ No newline at end of file\n+3\n\\ No newline at end of file\n-- \n2.40.0\n";

    expect(compareUnifiedDiffs(dressed, plain)).toMatchObject([{ path: "x.py", similarity: 1 }]);
  });

  it("does not take a removed line of dashes for the name of a file", () => {
    const diff = "--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1 @@\n--- a comment\n-++ b\n+++ c\n";

    expect(compareUnifiedDiffs(diff, diff).map(({ path }) => path)).toEqual(["q.sql"]);
  });

  it("names a deleted file by its old name", () => {
    const diff = "--- a/gone.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";

    expect(compareUnifiedDiffs(diff, "").map(({ path }) => path)).toEqual(["gone.py"]);
  });

  it.each([
    ["ends early", "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n one\n", "other lines than its head counts"],
    ["has too many lines", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n-2\n", "other lines than its head counts"],
    ["has stray lines", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n+3\n", "a line that belongs to no hunk"],
    ["names no file", "@@ -1 +1 @@\n-1\n+2\n", "a hunk of no file"],
  ])("refuses a diff that %s", (_what, diff, sentence) => {
    expect(() => compareUnifiedDiffs(diff, "")).toThrow(sentence);
  });
});
