import { describe, expect, it } from "vitest";
import { lossScales } from "../../../updater/index.ts";

/** Three completions of 2, 6 and 4 tokens, the last one masked. */
const lossTokens = [2, 6, 0];

describe("what a completion's loss is divided by", () => {
  it("is the number of all loss tokens", () => {
    expect(lossScales(lossTokens, { normalization: "perToken", constant: 1 })).toEqual([1 / 8, 1 / 8, 0]);
  });

  it("is its own length and the number of completions that count", () => {
    expect(lossScales(lossTokens, { normalization: "perSequence", constant: 1 })).toEqual([1 / 4, 1 / 12, 0]);
  });

  it("is a constant and the number of completions that count", () => {
    expect(lossScales(lossTokens, { normalization: "constant", constant: 10 })).toEqual([1 / 20, 1 / 20, 0]);
  });
});
