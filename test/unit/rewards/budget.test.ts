import { describe, expect, it } from "vitest";
import { createReward, RewardConfig, similarityRatio } from "../../../rewards/index.ts";
import { replyWith } from "../../support/replies.ts";
import { createDraws } from "../../support/text-pairs.ts";
import { worstTexts } from "../../support/worst-texts.ts";

/** About as many characters as 16,000 tokens have. */
const LONGEST_REPLY = 64_000;

/** Texts that take n√n; the others take n. */
const FULL_SCANS = new Set(["ever shorter runs", "ever longer runs"]);

/** What any comparison of texts of so many characters takes at most. */
const mostOperations = (length: number) => 6 * length * Math.sqrt(length);

function operations(a: string, b: string): number {
  let total = 0;
  similarityRatio(a, b, {
    spend: (spent) => {
      total += spent;
    },
  });
  return total;
}

/** Scores a reply that writes a file anew, within half of the operations that there are. */
function scoreNewFile(predicted: string, truth: string) {
  const { operationsAtMost } = RewardConfig.parse({});
  const reward = createReward(RewardConfig.parse({ operationsAtMost: operationsAtMost / 2 }));
  return reward({
    files: {},
    oracle: { "a.py": truth },
    reply: replyWith([{ path: "a.py", search: "", replace: predicted }]),
  });
}

describe("a reply of 16,000 tokens", () => {
  it.each(Object.entries(worstTexts(LONGEST_REPLY)).filter(([name]) => !FULL_SCANS.has(name)))(
    "of %s takes less than half of the operations that it may",
    (_, [predicted, truth]) => {
      const verdict = scoreNewFile(predicted, truth);

      expect(verdict).toMatchObject({ errorClass: "", exact: false });
      expect(verdict.reward).toBeGreaterThan(0);
    },
  );

  it("that edits a file of thirty thousand lines seven hundred times takes less, too", () => {
    const reward = createReward(RewardConfig.parse({}));
    const grow = Array.from({ length: 15 }, () => ({ path: "a.py", search: "", replace: "\n" }));
    const edits = Array.from({ length: 700 }, (_, i) => ({
      path: "a.py",
      search: i === 0 ? "end" : `${i}`,
      replace: `${i + 1}`,
    }));
    const reply = replyWith([...grow, ...edits]);

    const verdict = reward({ files: { "a.py": "end" }, oracle: { "a.py": "end\n" }, reply });

    expect(reply.length).toBeLessThanOrEqual(LONGEST_REPLY);
    expect(verdict.errorClass).toBe("");
  });

  it("that makes a file as large as it may be and rewrites its lines again and again takes less, too", () => {
    const lines = "b\n".repeat(LONGEST_REPLY / 2);
    const again = Array.from({ length: 950 }, (_, i) => ({
      path: "a.py",
      search: i % 2 === 0 ? "b" : "c",
      replace: i % 2 === 0 ? "c" : "b",
    }));
    const reply = replyWith([{ path: "a.py", search: "b", replace: "b\nbb" }, ...again]);
    const reward = createReward(RewardConfig.parse({}));

    const verdict = reward({ files: { "a.py": lines }, oracle: { "a.py": "d\n" }, reply });

    expect(reply.length).toBeLessThanOrEqual(LONGEST_REPLY);
    expect(verdict.errorClass).toBe("");
  });

  it("that alters every line of a file of 5,000 takes less, too", () => {
    const draws = createDraws("a file of 5,000 lines");
    const lines = draws.letters(
      Array.from({ length: 120 }, (_, i) => `line ${i}\n`),
      5_000,
    );
    const files = { "a.py": lines.join("") };
    const reward = createReward(RewardConfig.parse({}));

    const verdict = reward({
      files,
      oracle: { "a.py": `${files["a.py"]}end\n` },
      reply: replyWith([{ path: "a.py", search: "", replace: "#\n" }]),
    });

    expect(verdict.errorClass).toBe("");
  });
});

describe("the operations of a comparison", () => {
  const names = Object.keys(worstTexts(100));

  it.each(names)("of %s are at most 6 n√n", (name) => {
    for (const length of [100, 1_600, 6_400]) {
      const [a, b] = worstTexts(length)[name] ?? ["", ""];

      expect(operations(a, b)).toBeLessThan(mostOperations(length));
    }
  });

  it("are so at most half of those that the longest reply may take", () => {
    expect(mostOperations(LONGEST_REPLY)).toBeLessThan(RewardConfig.parse({}).operationsAtMost / 2);
  });

  it.each(names.filter((name) => !FULL_SCANS.has(name)))("of %s are at most 64 a character", (name) => {
    const [a, b] = worstTexts(16_000)[name] ?? ["", ""];

    expect(operations(a, b)).toBeLessThan(64 * 16_000);
  });
});
