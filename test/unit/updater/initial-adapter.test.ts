import { describe, expect, it } from "vitest";
import { initialAdapter } from "../../../updater/index.ts";

const parameters = [
  { name: "blk.0.attn_q.weight.lora_a", rows: 16, columns: 400 },
  { name: "blk.0.attn_q.weight.lora_b", rows: 8, columns: 16 },
];

describe("the adapter that a run starts with", () => {
  it("has A uniform in ±1/√in and B zero", () => {
    const flat = initialAdapter(parameters, 0);

    const a = flat.subarray(0, 6400);
    expect(Math.max(...a.map(Math.abs))).toBeLessThanOrEqual(0.05);
    // The variance of a uniform number in ±0.05 is 0.05² / 3; of 6,400 of them within 10 %.
    const variance = a.reduce((sum, value) => sum + value * value, 0) / a.length;
    expect(variance / (0.05 ** 2 / 3)).toBeCloseTo(1, 1);
    expect(flat.subarray(6400).every((value) => value === 0)).toBe(true);
  });

  it("depends on the seed and on nothing else", () => {
    expect(initialAdapter(parameters, 7)).toEqual(initialAdapter(parameters, 7));
    expect(initialAdapter(parameters, 8)).not.toEqual(initialAdapter(parameters, 7));
  });
});
