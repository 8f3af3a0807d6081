import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupAdvantages } from "../../../updater/index.ts";

const mean = { baseline: "mean", scale: "none" } as const;

describe("group-relative advantages", () => {
  it("are rewards less their mean", () => {
    expect(groupAdvantages([1, 0, 0, 1], mean)).toEqual([0.5, -0.5, -0.5, 0.5]);
  });

  it("are rewards less the mean of the others when one is left out", () => {
    const advantagesG = groupAdvantages([1, 0, 0, 0.5], { baseline: "leaveOneOut", scale: "none" });

    expect(advantagesG[0]).toBeCloseTo(1 - 0.5 / 3, 12);
    expect(advantagesG[3]).toBeCloseTo(0.5 - 1 / 3, 12);
  });

  it("are divided by the standard deviation of the group", () => {
    // Rewards 2, 4, 4, 4, 5, 5, 7, 9: mean 5, population deviation 2 (the textbook's example).
    const advantagesG = groupAdvantages([2, 4, 4, 4, 5, 5, 7, 9], { baseline: "mean", scale: "std" });

    expect(advantagesG[0]).toBeCloseTo(-1.5, 5);
    expect(advantagesG[7]).toBeCloseTo(2, 5);
  });

  it("are zero when the rewards differ by less than a thousandth", () => {
    expect(groupAdvantages([0.5, 0.5009, 0.5001], { baseline: "mean", scale: "std" })).toEqual([0, 0, 0]);
  });

  it("refuse a group that cannot be compared", () => {
    expect(() => groupAdvantages([1], mean)).toThrow("a group needs at least 2 rewards, got 1");
    expect(() => groupAdvantages([1, Number.NaN], mean)).toThrow("rewards must be finite");
  });

  it("sum to zero, keep the order of the rewards and ignore a shift", () => {
    const rewards = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 32 });
    const options = fc.record({
      baseline: fc.constantFrom("mean" as const, "leaveOneOut" as const),
      scale: fc.constantFrom("std" as const, "none" as const),
    });

    fc.assert(
      fc.property(rewards, options, (rewardsG, chosen) => {
        const advantagesG = groupAdvantages(rewardsG, chosen);
        const shiftedG = groupAdvantages(
          rewardsG.map((reward) => reward + 7),
          chosen,
        );

        expect(advantagesG.reduce((sum, advantage) => sum + advantage, 0)).toBeCloseTo(0, 8);
        expect(byAdvantage(rewardsG, advantagesG)).toEqual(rewardsG.toSorted((a, b) => a - b));
        for (const [g, advantage] of advantagesG.entries()) expect(shiftedG[g]).toBeCloseTo(advantage, 8);
      }),
    );
  });
});

function byAdvantage(rewardsG: readonly number[], advantagesG: readonly number[]): number[] {
  return rewardsG
    .map((reward, g) => ({ reward, advantage: advantagesG[g] ?? 0 }))
    .sort((a, b) => a.advantage - b.advantage || a.reward - b.reward)
    .map(({ reward }) => reward);
}
