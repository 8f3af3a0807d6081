import { describe, expect, it } from "vitest";
import { memoryVerdict } from "../../../cli/run-memory.ts";

describe("the verdict on memory", () => {
  it("says that what is needed fits, to the last byte that is free", () => {
    expect(memoryVerdict(2 ** 30, 2 ** 30)).toMatch(/^memory: .* about 1\.0 GiB together, which fits$/);
  });

  it("says that it does not fit, and what to take less of", () => {
    expect(memoryVerdict(2 ** 30 + 1, 2 ** 30)).toMatch(
      /^memory: DOES NOT FIT .*; take fewer workers, slots/,
    );
  });
});
