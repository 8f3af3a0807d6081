import { splitDiff } from "../../../../rewards/diff/split-diff.ts";
import { createBudget, createReward, RewardConfig } from "../../../../rewards/index.ts";
import { applyEdits } from "../../../../rewards/reply/apply-edits.ts";
import { parseReply } from "../../../../rewards/reply/parse-reply.ts";
import { replyWith } from "../../../support/replies.ts";
import { below, type FuzzTarget, pickOf, type Random } from "../target.ts";

const FILES = { "a.py": "f = 1\ng = 2\n", "b.py": "x\n".repeat(300) };
const ORACLE = { "a.py": "f = 2\ng = 2\n" };
const OPERATIONS = 2_000_000;

/** What a model wrote: taken apart, applied to the files, and scored. */
export const reply: FuzzTarget = {
  name: "reply",
  samples: () => [
    Buffer.from(replyOf([["a.py", "f = 1", "f = 2"]])),
    Buffer.from(
      replyOf([
        ["b.py", "x", "y"],
        ["new.py", "", "z"],
      ]),
    ),
  ],
  lie: lyingReply,
  read: (input) => {
    const text = Buffer.from(input).toString();
    const { explanation } = REWARD({ files: FILES, oracle: ORACLE, reply: text });
    applyEdits(FILES, parseReply(text).edits, createBudget(OPERATIONS));
    return explanation.mistake === null ? [] : [explanation.mistake.message];
  },
};

/** A unified diff. */
export const diff: FuzzTarget = {
  name: "diff",
  samples: () => [
    Buffer.from(
      "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@ title\n-f = 1\n+f = 2\n g = 2\n",
    ),
    Buffer.from(
      "--- a/b.py\t2024\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n-- \n2.40\n",
    ),
  ],
  lie: (random) => {
    const many = 1 + below(random, 100_000);
    return Buffer.from(
      pickOf(random, [
        () => `--- a\n+++ b\n@@ -1,${"9".repeat(below(random, 400))} +1,1 @@\n x\n`,
        () => `--- a\n+++ b\n${"@@ -1,0 +1,0 @@\n".repeat(many)}`,
        () => "--- a\n+++ b\n".repeat(many),
        () => `--- ${"a".repeat(many)}\x1b\n+++ ${"b".repeat(many)}\n@@ -1 +1 @@\n+\n`,
        () => `--- a\n+++ b\n@@ -1,${many} +1,${many} @@\n${"\n".repeat(many)}`,
      ])(),
    );
  },
  read: (input) => {
    splitDiff(Buffer.from(input).toString());
    return [];
  },
};

function replyOf(edits: readonly (readonly [string, string, string])[]): string {
  return replyWith(edits.map(([path, search, replace]) => ({ path, search, replace })));
}

const REWARD = createReward(RewardConfig.parse({ operationsAtMost: OPERATIONS }));

function lyingReply(random: Random): Uint8Array {
  const many = 1 + below(random, 50_000);
  const edit = (path: string, search: string, replace: string): [string, string, string] => [
    path,
    search,
    replace,
  ];
  return Buffer.from(
    pickOf(random, [
      () => replyOf([edit(`${"p".repeat(many)}\x1b[2J`, "none", "x")]),
      () => replyOf([edit("a.py", "", "x\n".repeat(many))]),
      () => replyOf(Array.from({ length: many % 500 }, () => edit("b.py", "x", "x\nx"))),
      () => "<think>".repeat(many),
      () => `<think>a</think><solution>${"```\n### a.py\n<<<<<<< SEARCH\n".repeat(many % 5_000)}</solution>`,
      () => `<think>a</think><solution>${"`".repeat(many)}</solution>`,
      () => replyOf([edit("__proto__", "", "x"), edit("constructor", "", "y")]),
    ])(),
  );
}
