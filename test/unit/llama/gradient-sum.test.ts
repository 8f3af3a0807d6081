import { describe, expect, it } from "vitest";
import { createGradientSum } from "../../../llama/gradients/gradient-sum.ts";

/** 1e8 + 1 is 1e8 in float32, so that the order shows. */
const terms = [1e8, 1, -1e8, 1].map((value) => Float32Array.of(value));

describe("a sum of gradients", () => {
  it("adds in the order of places, whatever the order of arrival", () => {
    const sum = createGradientSum(1);

    for (const place of [3, 1, 0, 2]) sum.add(terms[place] ?? new Float32Array(1), place);

    expect(sum.take()).toEqual(Float32Array.of(1));
  });

  it("adds after what is there when no place is given, and starts again once it is taken", () => {
    const sum = createGradientSum(1);

    sum.add(Float32Array.of(2));
    sum.add(Float32Array.of(3));

    expect(sum.take()).toEqual(Float32Array.of(5));
    expect(sum.take()).toEqual(Float32Array.of(0));
  });

  it("is not given while a place before the last is empty, and is clean after that", () => {
    const sum = createGradientSum(1);
    sum.add(Float32Array.of(2), 0);
    sum.add(Float32Array.of(3), 2);

    expect(() => sum.take()).toThrow("the gradient of micro-batch 1 was never added, 1 after it were");
    expect(sum.take()).toEqual(Float32Array.of(0));
  });
});
