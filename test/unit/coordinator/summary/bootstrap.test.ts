import { describe, expect, it } from "vitest";
import { bootstrapInterval } from "../../../../coordinator/index.ts";

describe("bootstrapInterval", () => {
  it("agrees with the normal interval where that is right", () => {
    // 200 differences, half 0 and half 1: standard error √(0.25 / 200) = 0.0354, so ± 0.069.
    const differences = Array.from({ length: 200 }, (_, i) => i % 2);

    const { mean, low, high } = bootstrapInterval(differences);

    expect(mean).toBe(0.5);
    expect(low).toBeCloseTo(0.431, 1.5);
    expect(high).toBeCloseTo(0.569, 1.5);
  });

  it("has no width where all pairs differ by the same", () => {
    expect(bootstrapInterval([0.25, 0.25, 0.25])).toEqual({ mean: 0.25, low: 0.25, high: 0.25 });
  });

  it("gives the same interval for the same differences", () => {
    const differences = [0.1, -0.4, 0.9, 0.3];

    expect(bootstrapInterval(differences)).toEqual(bootstrapInterval(differences));
  });
});
