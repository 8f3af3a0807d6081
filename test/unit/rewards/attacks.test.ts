import { describe, expect, it } from "vitest";
import { createReward, RewardConfig, type ScoreInput } from "../../../rewards/index.ts";
import { replyWith } from "../../support/replies.ts";
import { worstTexts } from "../../support/worst-texts.ts";

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

  it("of a tag within another counts the tags, wherever they are", () => {
    const edit = "```\n### a.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n```";

    expect(scoreReply(`<solution>${edit}<think>t</think></solution>`)).toMatchObject({ reward: 1 });
    expect(scoreReply(`<think><solution>${edit}</think></solution>`)).toMatchObject({ reward: 1 });
    expect(scoreReply(`<think>t${edit}</solution><solution></think>`).errorClass).toBe("no-blocks");
  });

  it("of ten thousand blocks, in one file or in one each, is scored", () => {
    const numbers = Array.from({ length: 10_000 }, (_, i) => i);
    const inOne = numbers.map((i) => ({ path: "a.py", search: i === 0 ? "a" : `${i}`, replace: `${i + 1}` }));
    const inEach = numbers.map((i) => ({ path: `${i}.py`, search: "", replace: "new" }));

    expect(scoreReply(replyWith(inOne))).toMatchObject({ errorClass: "", exact: false });
    expect(scoreReply(replyWith(inEach))).toMatchObject({ errorClass: "", reward: 0 });
  });
});

describe("a reply that would take too much", () => {
  it("of memory, by doubling a file again and again, is refused as too large", () => {
    const edits = Array.from({ length: 60 }, () => ({ path: "a.py", search: "", replace: "\n" }));

    expect(scoreReply(replyWith(edits))).toMatchObject({ reward: -1, errorClass: "too-large" });
  });

  it("of time, by sharing ever longer runs, is too expensive on every machine alike", () => {
    const [predicted, truth] = worstTexts(6_000)["ever longer runs"] ?? ["", ""];
    const oracle = { "a.py": truth };
    const reply = replyWith([{ path: "a.py", search: "a", replace: predicted }]);

    expect(scoreReply(reply, { oracle }, { operationsAtMost: 1_000_000 })).toMatchObject({
      reward: -1,
      errorClass: "too-expensive",
    });
    expect(scoreReply(reply, { oracle }).errorClass).toBe("");
  });

  it("of time, by replacing tens of thousands of lines again and again, is too expensive too", () => {
    const grow = Array.from({ length: 14 }, () => ({ path: "a.py", search: "", replace: "\n" }));
    const again = Array.from({ length: 400 }, (_, i) => ({
      path: "a.py",
      search: i % 2 === 0 ? "" : "x",
      replace: i % 2 === 0 ? "x" : "",
    }));

    expect(scoreReply(replyWith([...grow, ...again]), {}, { operationsAtMost: 5_000_000 })).toMatchObject({
      reward: -1,
      errorClass: "too-expensive",
    });
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

describe("a reply that would reach deep", () => {
  const line = `x = ${"[".repeat(100_000)}${"]".repeat(100_000)}`;

  it("with brackets within brackets on one line is text like any other", () => {
    const verdict = scoreReply(replyWith([{ path: "a.py", search: "a", replace: line }]), {
      oracle: { "a.py": `${line}#\n` },
    });

    expect(verdict.reward).toBeCloseTo(1, 5);
  });

  it("with five thousand hunks is compared without recursion", () => {
    const every = (change: string) => `${`1\n2\n3\n4\n5\n6\n7\n${change}\n`.repeat(5_000)}`;
    const edits = [{ path: "a.py", search: "8", replace: "9" }];

    const verdict = scoreReply(replyWith(edits), {
      files: { "a.py": every("8") },
      oracle: { "a.py": `${every("9")}9\n` },
    });

    expect(verdict.reward).toBeGreaterThan(0.999);
  });
});

describe("a replacement that a regular expression would read", () => {
  it.each(["$&", "$1", "$$", "$`", "$'", "\\1", "\\g<0>"])(
    "as something else, %s, is taken as it is",
    (replace) => {
      const reply = replyWith([{ path: "a.py", search: "a", replace }]);

      expect(scoreReply(reply, { oracle: { "a.py": `${replace}\n` } })).toMatchObject({
        reward: 1,
        exact: true,
      });
    },
  );

  it.each([".", "a?", "[a]", "^a$", "(a|b)*"])("as a search, %s, is found only as it is", (search) => {
    const reply = replyWith([{ path: "a.py", search, replace: "b" }]);

    expect(scoreReply(reply).errorClass).toBe("not-found");
    expect(scoreReply(reply, { files: { "a.py": `${search}\n` } })).toMatchObject({ exact: true });
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
