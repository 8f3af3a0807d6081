import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeProblem } from "../../../examples/demo/task/problem.ts";
import { promptOf } from "../../../examples/demo/task/prompt.ts";
import { BYTE_ALPHABET, toByteCharacters } from "../../../examples/demo/tokenizer/byte-characters.ts";
import { createEncoder } from "../../../examples/demo/tokenizer/encode.ts";
import { formatTokenizer, parseTokenizer } from "../../../examples/demo/tokenizer/tokenizer.ts";
import { trainTokenizer } from "../../../examples/demo/tokenizer/train.ts";
import { splitWords } from "../../../examples/demo/tokenizer/words.ts";

const committed = readFileSync("examples/demo/tokenizer.json", "utf8");
const tokenizer = parseTokenizer(committed);
const encode = createEncoder(tokenizer);

describe("the demo's tokenizer", () => {
  it("has at most 700 tokens, the end token first, then the 256 bytes", () => {
    expect(tokenizer.tokens.length).toBeLessThanOrEqual(700);
    expect(tokenizer.tokens.slice(0, 257)).toEqual(["<|end|>", ...BYTE_ALPHABET]);
  });

  it("loses nothing of any text, and never reads a special token out of one", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constant("<|end|>")), (text) => {
        const ids = encode(text);

        expect(ids.map((id) => tokenizer.tokens[id]).join("")).toBe(toByteCharacters(text).join(""));
        expect(ids).not.toContain(0);
      }),
    );
  });

  it.each(["<<<<<<<", " SEARCH", "=======", ">>>>>>>", " REPLACE", "```", "python", "\n   ", "\n       "])(
    "writes %j as one token",
    (text) => {
      expect(encode(text)).toHaveLength(1);
    },
  );

  it("writes a prompt in less than 130 tokens", () => {
    const lengths = Array.from({ length: 200 }, (_, number) => {
      const { issue, path, content } = makeProblem("held-out", number);
      return encode(promptOf(issue, path, content)).length;
    });

    expect(Math.max(...lengths)).toBeLessThan(130);
  });

  it("is read as it was written", () => {
    expect(formatTokenizer(tokenizer)).toBe(committed);
  });
});

describe("training a tokenizer", () => {
  it("joins the most frequent pair first, of equals the one with the smaller ids", () => {
    const { merges } = trainTokenizer(["ab ab ab", "cd cd", "xy xy"], { vocabulary: 260, minFrequency: 2 });

    expect(merges).toEqual([
      ["a", "b"],
      ["c", "d"],
      ["x", "y"],
    ]);
  });

  it("stops where no pair is frequent enough", () => {
    const { tokens } = trainTokenizer(["ab ab"], { vocabulary: 300, minFrequency: 3 });

    expect(tokens).toHaveLength(257);
  });
});

describe("GPT-2's pre-tokenizer", () => {
  it("gives a word its space, and leaves the last space of several to the word after them", () => {
    expect(splitWords("it's  fine\n\n    return x1 + 22")).toEqual([
      "it",
      "'s",
      " ",
      " fine",
      "\n\n   ",
      " return",
      " x",
      "1",
      " +",
      " 22",
    ]);
  });
});
