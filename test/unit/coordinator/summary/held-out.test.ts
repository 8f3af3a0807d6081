import { describe, expect, it } from "vitest";
import { bootstrapInterval } from "../../../../coordinator/index.ts";
import type { EvalResult, EvalRound } from "../../../../coordinator/ledger/records.ts";
import { compareRounds } from "../../../../coordinator/summary/held-out.ts";

describe("the bootstrap interval", () => {
  it("is the one that can be counted out for four pairs of which one differs", () => {
    // A resample's mean is k/4 with k ~ binomial(4, 1/4): P(0) = 0.316, P(≤ 2/4) = 0.949, P(≤ 3/4) = 0.996.
    expect(bootstrapInterval([0, 0, 1, 0])).toEqual({ mean: 0.25, low: 0, high: 0.75 });
  });
});

describe("held-out scores", () => {
  it("are paired by instance within a temperature, whatever the order, and single ones left out", () => {
    const before = roundOf(0, [
      result("x", 0, { reward: 0 }),
      result("y", 0, { reward: 0.5 }),
      result("gone", 0, { reward: 1 }),
      result("x", 1, { reward: -1, wellFormed: false }),
    ]);
    const after = roundOf(4, [
      result("y", 0, { reward: 0.5 }),
      result("x", 0, { reward: 0.5 }),
      result("x", 1, { reward: 1, exact: true }),
    ]);

    const { change, before: first, after: last } = compareRounds([after, before]);

    expect(change).toEqual([
      {
        temperature: 0,
        pairs: 2,
        reward: { mean: 0.25, low: 0, high: 0.5 },
        formatRate: { mean: 0, low: 0, high: 0 },
        exactRate: { mean: 0, low: 0, high: 0 },
      },
      {
        temperature: 1,
        pairs: 1,
        reward: { mean: 2, low: 2, high: 2 },
        formatRate: { mean: 1, low: 1, high: 1 },
        exactRate: { mean: 1, low: 1, high: 1 },
      },
    ]);
    expect(first.map(({ version, tasks, reward }) => [version, tasks, reward])).toEqual([
      [0, 3, 0.5],
      [0, 1, -1],
    ]);
    expect(last.map(({ version, formatRate, exactRate }) => [version, formatRate, exactRate])).toEqual([
      [4, 1, 0],
      [4, 1, 1],
    ]);
  });

  it("have no after while there is one round, and rounds that are under way do not count", () => {
    const done = roundOf(0, [result("x", 0, {})]);
    const open = { ...roundOf(2, [result("x", 0, {})]), done: false };

    const heldOut = compareRounds([done, open]);

    expect(heldOut.before).toHaveLength(1);
    expect([heldOut.after, heldOut.change]).toEqual([[], []]);
  });
});

function roundOf(version: number, results: EvalResult[]): EvalRound {
  return { version, issued: results.length, done: true, results };
}

function result(instance: string, temperature: number, given: Partial<EvalResult>): EvalResult {
  return { instance, temperature, reward: 0, wellFormed: true, exact: false, ...given };
}
