import { describe, expect, it } from "vitest";
import { createReward, RewardConfig, type ScoreInput } from "../../../rewards/index.ts";
import { type ReplyEdit, replyWith } from "../../support/replies.ts";

const FILES = { "a.py": "one\ntwo\nthree\n", "b.py": "1\n" };
const ORACLE = { "a.py": "one\n2\nthree\n" };

const RIGHT = { path: "a.py", search: "two", replace: "2" };
const CLOSE = { path: "a.py", search: "two", replace: "22" };
const FAR = { path: "a.py", search: "three", replace: "something else altogether" };
const ELSEWHERE = { path: "b.py", search: "1", replace: "2" };

function score(
  options: Partial<RewardConfig>,
  edits: readonly ReplyEdit[],
  oracle: ScoreInput["oracle"] = ORACLE,
) {
  const reward = createReward(RewardConfig.parse(options));
  return reward({ files: FILES, oracle, reply: replyWith(edits) });
}

describe("the form of the reward", () => {
  it.each([
    ["continuous", [1, 0.986, 0.638]],
    ["discrete", [1, 0, 0]],
    ["threshold", [1, 0.7, 0]],
  ] as const)("%s pays the right, a close and a far change so", (form, expected) => {
    const rewards = [RIGHT, CLOSE, FAR].map((edit) => score({ form, threshold: 0.7 }, [edit]).reward);

    expect(rewards.map((value) => Math.round(value * 1000) / 1000)).toEqual(expected);
  });
});

describe("oracleFilesOnly", () => {
  it("forgives a change of a file that the true change leaves alone", () => {
    expect(score({ oracleFilesOnly: false }, [RIGHT, ELSEWHERE])).toMatchObject({
      reward: 0.5,
      exact: false,
    });
    expect(score({ oracleFilesOnly: true }, [RIGHT, ELSEWHERE])).toMatchObject({ reward: 1, exact: false });
  });

  it("still wants every file of the true change", () => {
    expect(score({ oracleFilesOnly: true }, [ELSEWHERE]).reward).toBe(0);
  });
});

describe("bothEmpty", () => {
  const nothing = [
    { path: "b.py", search: "1", replace: "2" },
    { path: "b.py", search: "2", replace: "1" },
  ];

  it("one pays for a change of nothing where nothing was to be changed", () => {
    expect(score({ bothEmpty: "one" }, nothing, {})).toMatchObject({ reward: 1, errorClass: "" });
  });

  it("reject does not", () => {
    expect(score({ bothEmpty: "reject" }, nothing, {})).toMatchObject({
      reward: -1,
      errorClass: "empty-change",
    });
  });
});

describe("a deleted file", () => {
  it("counts as an empty one", () => {
    const verdict = score({}, [{ path: "b.py", search: "1\n", replace: "" }], { "b.py": null });

    expect(verdict).toMatchObject({ reward: 1, exact: true });
  });
});

describe("the explanation", () => {
  it("names the text that was not found, and its line in the reply", () => {
    const verdict = score({}, [RIGHT, { path: "b.py", search: "9", replace: "8" }]);

    expect(verdict).toMatchObject({
      reward: -1,
      exact: false,
      errorClass: "not-found",
      scorer: "swe-rl@1",
      components: [{ name: "swe-rl", value: -1, weight: 1 }],
      explanation: {
        mistake: { message: "the text to replace is not in b.py", text: "9", line: 17 },
        files: [],
      },
    });
  });

  it.each([
    ["is missing", "<think>\nx\n</think>\n", { message: "<solution> is missing", text: "", line: 4 }],
    [
      "is there twice",
      "<think>\n<think>\n</think>",
      { message: "<think> is there more than once", text: "<think>", line: 2 },
    ],
  ])("says where a tag %s", (_, reply, mistake) => {
    const verdict = createReward(RewardConfig.parse({}))({ files: FILES, oracle: ORACLE, reply });

    expect(verdict.explanation.mistake).toEqual(mistake);
  });

  it("shows both diffs of every file, in the order of their paths", () => {
    const verdict = score({}, [ELSEWHERE, CLOSE]);

    expect(verdict.explanation.files).toEqual([
      {
        path: "a.py",
        similarity: 70 / 71,
        predicted: "@@ -1,3 +1,3 @@\n one\n-two\n+22\n three",
        oracle: "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three",
      },
      { path: "b.py", similarity: 0, predicted: "@@ -1 +1 @@\n-1\n+2", oracle: "" },
    ]);
  });
});
