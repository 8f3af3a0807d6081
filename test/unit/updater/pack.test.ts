import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packSequences } from "../../../updater/index.ts";

const sequence = (group: number, promptTokens: number, completionTokens: number) => ({
  group,
  promptTokens,
  completionTokens,
});

describe("packing into micro-batches", () => {
  it("counts a group's prompt once", () => {
    const group = [sequence(0, 10, 5), sequence(0, 10, 5), sequence(0, 10, 5)];

    expect(packSequences(group, 25)).toEqual([[0, 1, 2]]);
    expect(packSequences(group, 24)).toEqual([[0, 1], [2]]);
  });

  it("keeps a group together where it fits, short groups first", () => {
    const sequences = [sequence(0, 4, 20), sequence(1, 4, 3), sequence(0, 4, 1), sequence(1, 4, 2)];

    expect(packSequences(sequences, 26)).toEqual([
      [3, 1],
      [2, 0],
    ]);
  });

  it("gives a sequence above the budget a micro-batch of its own", () => {
    expect(packSequences([sequence(0, 50, 50), sequence(1, 2, 2)], 10)).toEqual([[1], [0]]);
  });

  it("makes a multiple of the lanes, the largest as small as can be", () => {
    const groups = [40, 10, 10, 20, 30].map((tokens, group) => sequence(group, 0, tokens));

    expect(packSequences(groups, 1_000)).toEqual([[1, 2, 3, 4, 0]]);
    expect(packSequences(groups, 1_000, 2)).toEqual([[1, 2, 3, 4], [0]]);
    expect(packSequences(groups, 45, 2)).toEqual([[1, 2], [3], [4], [0]]);
  });

  it("has no more micro-batches than groups for the sake of lanes", () => {
    expect(packSequences([sequence(0, 5, 5), sequence(0, 5, 5)], 100, 4)).toEqual([[0, 1]]);
  });

  it("has every sequence once and stays within the budget, whatever the order", () => {
    const completions = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 40 })), { minLength: 1 });

    fc.assert(
      fc.property(
        completions,
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 4 }),
        (drawn, budget, lanes) => {
          const sequences = drawn.map(([group, tokens]) => sequence(group, 3 + group, tokens));

          const batches = packSequences(sequences, budget, lanes);

          expect(batches.flat().toSorted((a, b) => a - b)).toEqual(drawn.map((_, index) => index));
          for (const batch of batches) {
            const members = batch.flatMap((index) => sequences[index] ?? []);
            const prompts = new Map(members.map(({ group, promptTokens }) => [group, promptTokens]));
            const tokens =
              [...prompts.values()].reduce((sum, prompt) => sum + prompt, 0) +
              members.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
            expect(batch.length === 1 || tokens <= budget).toBe(true);
          }
        },
      ),
    );
  });
});
