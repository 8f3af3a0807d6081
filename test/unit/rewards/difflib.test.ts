import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createReward, RewardConfig, similarityRatio } from "../../../rewards/index.ts";
import { hasPython, runPython } from "../../support/python.ts";
import { replyWith } from "../../support/replies.ts";
import { type Alphabet, createDraws, type Draws, drawPair } from "../../support/text-pairs.ts";

const PROGRAM = readFileSync(new URL("../../fixtures/rewards/swe_rl.py", import.meta.url), "utf8");

/** CPython answers each pair and each reply of this file within two seconds, and most within a millisecond. */
const askPython = (what: "ratio" | "change" | "reward", cases: readonly unknown[]) =>
  runPython(PROGRAM, cases, [what]);

const reward = createReward(RewardConfig.parse({}));

/** Every character at which Python ends a line, and the two that do so together. */
const LINE_ENDS = [..."\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029", "\r\n"];
const ASTRAL = [..."😀😁😂🤀\u{10000}\u{10ffff}"];
const HIGH_SURROGATES = ["\ud800", "\ud83d", "\udbff"];
const LOW_SURROGATES = ["\udc00", "\ude00", "\udfff"];

const ALPHABETS: Record<string, Alphabet> = {
  "one letter": ["a"],
  "two letters": [..."ab"],
  "three letters": [..."abc"],
  code: [..."abcdef ()=:\n    return"],
  "astral characters": [...ASTRAL, "a"],
  "lone surrogates": [...HIGH_SURROGATES, ...LOW_SURROGATES, "x", "😀"],
  "every line end": [..."ab", ...LINE_ENDS],
  "all of Unicode": Array.from({ length: 1000 }, (_, i) => String.fromCodePoint(0x20 + 29 * i)),
};

describe.skipIf(!hasPython())("what CPython's difflib says", () => {
  it.each(Object.entries(ALPHABETS))("is what we say, for ratios of texts of %s", (name, alphabet) => {
    const draws = createDraws(`ratio of ${name}`);
    const pairs = Array.from({ length: 400 }, (_, i) => drawPair(draws, alphabet, i < 385 ? 50 : 250));

    const ours = pairs.map(([a, b]) => similarityRatio(a, b));

    expect(ours).toEqual(askPython("ratio", pairs));
  });

  it("is what we say, for ratios of 200,000 characters of a wide alphabet", () => {
    const draws = createDraws("200,000");
    const wide = draws.letters(
      Array.from({ length: 0x10000 }, (_, i) => String.fromCodePoint(0x10000 + i)),
      200_000,
    );
    const moved = [...wide.slice(150_000), ...wide.slice(20, 90_000), "x", ...wide.slice(90_003, 150_000)];
    const pairs = [
      [wide.join(""), moved.join("")],
      [wide.join(""), ""],
    ] as const;

    const ours = pairs.map(([a, b]) => similarityRatio(a, b));

    expect(ours).toEqual(askPython("ratio", pairs));
  });

  it.each([12, 150, 190, 450, 1200])("is what we say, for diffs of up to %i lines", (most) => {
    const draws = createDraws(`diff of ${most} lines`);
    const frequent = ["\n", "pass\n", "return\n", "a\n", "b\n", "c\u2028", "d\r\n", "e\f"];
    const rare = Array.from({ length: most }, (_, i) => `line ${i}\n`);
    const alphabets = [frequent, rare, [...frequent, ...frequent, ...frequent, ...rare.slice(0, 24)]];
    const pairs = Array.from({ length: most < 1_000 ? 200 : 60 }, () =>
      drawPair(draws, draws.one(alphabets), most),
    );

    const ours = pairs.map(([before, after]) => changeOf(before, after));

    expect(ours).toEqual(askPython("change", pairs));
  });

  it.each(Object.entries(ALPHABETS))("is what we say, for diffs of texts of %s", (name, alphabet) => {
    const draws = createDraws(`diff of ${name}`);
    const pairs = Array.from({ length: 150 }, () => drawPair(draws, [...alphabet, ...LINE_ENDS], 80));

    const ours = pairs.map(([before, after]) => changeOf(before, after));

    expect(ours).toEqual(askPython("change", pairs));
  });
});

/** The true change, as the explanation shows it. */
function changeOf(before: string, after: string): string {
  const files = { "file.py": before, "other.py": "x" };
  const reply = replyWith([{ path: "other.py", search: "x", replace: "y" }]);
  const { explanation } = reward({ files, oracle: { "file.py": after }, reply });
  return explanation.files.find(({ path }) => path === "file.py")?.oracle ?? "";
}

/** No edit brings two halves together: next to each other they are one character here, and two in Python. */
const EDIT_ALPHABETS = {
  ...ALPHABETS,
  "lone surrogates": [...HIGH_SURROGATES, "x", "😀"],
  "other lone surrogates": [...LOW_SURROGATES, "x", "😀"],
};

/** In code-point order, which is not that of UTF-16. */
const PATHS = ["a b.py", "a.py", "dir/__proto__", "\uff5e.py", "😀.py"];

interface Case {
  readonly files: Record<string, string>;
  readonly oracle: Record<string, string | null>;
  readonly reply: string;
}

/** Files, a true change and a reply that edits some of the files, most often without a mistake. */
function drawCase(draws: Draws, alphabet: Alphabet): Case {
  const text = () => draws.letters([...alphabet, "\n", "\n", "line\n", "\r\n"], 1 + draws.below(24)).join("");
  const paths = PATHS.filter(() => draws.below(3) > 0);
  const files = Object.fromEntries(paths.map((path) => [path, text()]));
  const oracle = Object.fromEntries(
    PATHS.filter(() => draws.below(2) > 0).map((path) => [path, draws.below(9) > 0 ? text() : null]),
  );
  const edits = Array.from({ length: 1 + draws.below(5) }, () => {
    const path = draws.one(draws.below(8) > 0 && paths.length > 0 ? paths : PATHS);
    const lines = (files[path] ?? "").split("\n");
    const from = draws.below(lines.length);
    const search = lines.slice(from, from + 1 + draws.below(2)).join("\n");
    return { path, search, replace: draws.below(12) > 0 ? `${search}${text()}` : search };
  });
  return { files, oracle, reply: replyWith(edits) };
}

/** A reply whose format is damaged, or only looks so: some lines lost, doubled, moved or put in. */
function damage(draws: Draws, reply: string): string {
  const pieces = [
    "```",
    "````py ```",
    "=======",
    "### a.py",
    ">>>>>>> REPLACE",
    "",
    "<think>",
    "</solution>",
  ];
  const lines = reply.split("\n");
  for (let times = draws.below(4); times > 0; times--) {
    const [line] = lines.splice(draws.below(lines.length), draws.below(2));
    lines.splice(draws.below(lines.length + 1), 0, draws.below(3) > 0 ? draws.one(pieces) : (line ?? ""));
  }
  return lines.join("\n");
}

describe.skipIf(!hasPython())("what SWE-RL in Python says", () => {
  it.each(Object.entries(EDIT_ALPHABETS))(
    "is what we say, for replies with edits of %s",
    (name, alphabet) => {
      const draws = createDraws(`reward of ${name}`);
      const cases = Array.from({ length: 200 }, (_, i) => {
        const drawn = drawCase(draws, alphabet);
        return i % 4 === 0 ? { ...drawn, reply: damage(draws, drawn.reply) } : drawn;
      });

      const ours = cases.map((each) => {
        const { reward: value, errorClass, explanation } = reward(each);
        return [
          value,
          errorClass,
          Object.fromEntries(explanation.files.map(({ path, similarity }) => [path, similarity])),
        ];
      });

      expect(ours).toEqual(
        askPython(
          "reward",
          cases.map(({ files, oracle, reply }) => [files, oracle, reply]),
        ),
      );
      expect(ours.filter(([, errorClass]) => errorClass === "").length).toBeGreaterThan(50);
    },
  );
});
