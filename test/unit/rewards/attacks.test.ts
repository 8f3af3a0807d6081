import { describe, expect, it } from "vitest";
import { createReward, RewardConfig, type ScoreInput } from "../../../rewards/index.ts";
import { replyWith } from "../../support/replies.ts";

const FILES = { "a.py": "a\n" };
const ORACLE = { "a.py": "b\n" };

/** Far more than any of these takes, far less than a quadratic algorithm would. */
const SOON_MS = 5_000;

function scoreReply(reply: string, input: Partial<ScoreInput> = {}, options: Partial<RewardConfig> = {}) {
  return createReward(RewardConfig.parse(options))({ files: FILES, oracle: ORACLE, reply, ...input });
}

const solve = (solution: string) => `<think>t</think><solution>${solution}</solution>`;

describe("a reply that would make a parser backtrack", () => {
  it.each([
    ["a line of backticks", "`".repeat(1_000_000)],
    ["fences without blocks", "```\n".repeat(300_000)],
    ["heads without dividers", "```\n### a.py\n<<<<<<< SEARCH\nx\n".repeat(50_000)],
    ["dividers without endings", `\`\`\`\n### a.py\n<<<<<<< SEARCH\n${"x\n=======\n".repeat(100_000)}`],
    [
      "endings without their fence",
      `\`\`\`\n### a.py\n<<<<<<< SEARCH\nx\n=======\n${"\n>>>>>>> REPLACE\n".repeat(50_000)}`,
    ],
  ])("of %s is answered soon", (_, solution) => {
    const start = performance.now();

    const verdict = scoreReply(solve(solution));

    expect(verdict.errorClass).toBe("no-blocks");
    expect(performance.now() - start).toBeLessThan(SOON_MS);
  });

  it("of a thousand tags within tags has one tag too many", () => {
    const verdict = scoreReply("<think><solution>".repeat(1000) + "</solution></think>".repeat(1000));

    expect(verdict.errorClass).toBe("tag:<think>");
  });

  it("of ten thousand blocks is scored", () => {
    const edits = Array.from({ length: 10_000 }, (_, i) => ({
      path: "a.py",
      search: i === 0 ? "a" : `${i}`,
      replace: `${i + 1}`,
    }));

    expect(scoreReply(replyWith(edits))).toMatchObject({ errorClass: "", exact: false });
  });
});

describe("a reply that would take too much", () => {
  it("of memory, by doubling a file again and again, is too expensive", () => {
    const edits = Array.from({ length: 60 }, () => ({ path: "a.py", search: "", replace: "\n" }));

    expect(scoreReply(replyWith(edits))).toMatchObject({ reward: -1, errorClass: "too-expensive" });
  });

  it("of time, by sharing single characters without end, is too expensive on every machine alike", () => {
    const characters = Array.from({ length: 2_000 }, (_, i) => String.fromCodePoint(0x4e00 + i));
    const oracle = { "a.py": characters.map((character) => `${character}#`).join("") };
    const reply = replyWith([
      { path: "a.py", search: "a", replace: characters.map((character) => `${character}$`).join("") },
    ]);

    expect(scoreReply(reply, { oracle }, { operationsAtMost: 1_000_000 })).toMatchObject({
      reward: -1,
      errorClass: "too-expensive",
    });
    expect(scoreReply(reply, { oracle }).errorClass).toBe("");
  });

  it("of neither, of a thousand equal lines, is scored soon", () => {
    const start = performance.now();
    const lines = "x = 1\n".repeat(4_000);

    const verdict = scoreReply(replyWith([{ path: "a.py", search: "a", replace: lines }]), {
      oracle: { "a.py": `${lines}x = 1\n` },
    });

    expect(verdict.reward).toBeGreaterThan(0.99);
    expect(performance.now() - start).toBeLessThan(SOON_MS);
  });
});

describe("a path that is a property of every object", () => {
  it.each(["__proto__", "constructor", "toString"])("%s is a file like others", (path) => {
    const files = JSON.parse(`{"${path}": "a\\n"}`);
    const oracle = JSON.parse(`{"${path}": "b\\n"}`);

    expect(scoreReply(replyWith([{ path, search: "a", replace: "b" }]), { files, oracle })).toMatchObject({
      reward: 1,
      exact: true,
    });
    expect(scoreReply(replyWith([{ path, search: "a", replace: "b" }])).errorClass).toBe("not-found");
  });
});

describe("half a character", () => {
  it("is not found in a whole one", () => {
    const verdict = scoreReply(replyWith([{ path: "a.py", search: "\ud83d", replace: "x" }]), {
      files: { "a.py": "😀\n" },
    });

    expect(verdict.errorClass).toBe("not-found");
  });
});
