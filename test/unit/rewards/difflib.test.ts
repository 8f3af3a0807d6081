import { describe, expect, it } from "vitest";
import { createRandom } from "../../../core/index.ts";
import { createReward, RewardConfig, similarityRatio } from "../../../rewards/index.ts";
import { hasPython, runPython } from "../../support/python.ts";
import { replyWith } from "../../support/replies.ts";

const RATIO = `
import difflib, json, sys
pairs = json.load(sys.stdin)
json.dump([difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() for a, b in pairs], sys.stdout)
`;

const UNIFIED_DIFF = `
import difflib, json, sys
pairs = json.load(sys.stdin)
json.dump(["\\n".join(list(difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=3))[2:]) for a, b in pairs], sys.stdout)
`;

/** Two texts: random ones, one and its copy with some slips, or two periodic ones. */
function drawPair(next: () => number, alphabet: readonly string[], most: number): [string, string] {
  const below = (count: number) => Math.floor(next() * count);
  const letter = () => alphabet[below(alphabet.length)] as string;
  const draw = (length: number) => Array.from({ length }, letter);
  const slip = (letters: readonly string[]) =>
    letters.flatMap(
      (each) => [[each], [each], [each], [each], [], [each, letter()], [letter()]][below(7)] ?? [],
    );
  const period = draw(1 + below(4));
  const repeat = () => Array.from({ length: below(most) }, (_, i) => period[i % period.length] as string);
  const first = draw(below(most));
  const pairs = [
    [first, draw(below(most))],
    [first, slip(first)],
    [repeat(), slip(repeat())],
  ] as const;
  const [a, b] = pairs[below(pairs.length)] as readonly [string[], string[]];
  return [a.join(""), b.join("")];
}

const ALPHABETS: Record<string, readonly string[]> = {
  "two letters": [..."ab"],
  code: [..."abcdef ()=:\n    return"],
  "astral characters": [..."😀😁😂a\u{10ffff}"],
  "every line end": [..."ab\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029", "\r\n"],
  "lone surrogates": ["\ud800", "x", "\udfff"],
};

describe.skipIf(!hasPython())("what difflib says", () => {
  it.each(Object.entries(ALPHABETS))("is what we say, for ratios of texts of %s", (name, alphabet) => {
    const next = createRandom(`ratio of ${name}`);
    const pairs = Array.from({ length: 400 }, () => drawPair(next, alphabet, 80));

    const ours = pairs.map(([a, b]) => similarityRatio(a, b));

    expect(ours).toEqual(runPython(RATIO, pairs));
  });

  it.each([12, 150, 450])("is what we say, for diffs of up to %i lines", (most) => {
    const next = createRandom(`diff of ${most} lines`);
    const lines = ["\n", "pass\n", "return\n", "a\n", "b\n", "c\u2028", "d\r\n", "e\f"];
    const rare = Array.from({ length: most }, (_, i) => `line ${i}\n`);
    const pairs = Array.from({ length: 120 }, () => drawPair(next, [...lines, ...rare], most));
    const reward = createReward(RewardConfig.parse({}));

    const ours = pairs.map(([before, after]) => {
      const reply = replyWith([{ path: "other.py", search: "x", replace: "y" }]);
      const { explanation } = reward({
        files: { "file.py": before, "other.py": "x" },
        oracle: { "file.py": after },
        reply,
      });
      return explanation.files.find(({ path }) => path === "file.py")?.oracle ?? "";
    });

    expect(ours).toEqual(runPython(UNIFIED_DIFF, pairs));
  });
});
