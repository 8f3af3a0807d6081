import { describe, expect, it } from "vitest";
import { adamW, clipFactor, gradientNorm, learningRateAt, muon, noMoments } from "../../../updater/index.ts";

const settings = { betas: [0.9, 0.95], epsilon: 1e-8, weightDecay: 0.1 } as const;

describe("AdamW", () => {
  it("makes the steps of the paper's algorithm 2", () => {
    // Computed by hand in Python: parameters (1, −2), learning rate 0.01, gradients (0.5, −1), then (0.25, 2).
    const parameters = Float32Array.of(1, -2);
    const update = (gradient: Float32Array) => ({ gradient, factor: 1, learningRate: 0.01 });

    const first = adamW(parameters, noMoments(2), update(Float32Array.of(0.5, -1)), settings);
    const afterFirst = [...parameters];
    const second = adamW(parameters, first, update(Float32Array.of(0.25, 2)), settings);

    expect(afterFirst[0]).toBeCloseTo(0.989, 6);
    expect(afterFirst[1]).toBeCloseTo(-1.988, 6);
    expect(parameters[0]).toBeCloseTo(0.97861807, 6);
    expect(parameters[1]).toBeCloseTo(-1.98964574, 6);
    expect(second.updates).toBe(2);
  });

  it("does not see how the gradient is scaled, but for epsilon", () => {
    const small = Float32Array.of(1, -2);
    const large = Float32Array.of(1, -2);
    const gradient = Float32Array.of(0.3, -0.7);

    adamW(small, noMoments(2), { gradient, factor: 0.01, learningRate: 0.1 }, settings);
    adamW(large, noMoments(2), { gradient, factor: 1, learningRate: 0.1 }, settings);

    expect(small[0]).toBeCloseTo(large[0] ?? 0, 5);
    expect(small[1]).toBeCloseTo(large[1] ?? 0, 5);
  });

  it("leaves what is outside its slices alone", () => {
    const parameters = Float32Array.of(1, 1, 1);
    const gradient = Float32Array.of(1, 1, 1);

    adamW(
      parameters,
      noMoments(3),
      { gradient, factor: 1, learningRate: 0.1, slices: [{ from: 1, to: 2 }] },
      settings,
    );

    expect(parameters[0]).toBe(1);
    expect(parameters[1]).toBeLessThan(1);
    expect(parameters[2]).toBe(1);
  });
});

describe("Muon", () => {
  it("descends along the orthogonalized gradient with Nesterov momentum", async () => {
    const parameters = Float32Array.of(5, 1, 2, 3, 4);
    const momentum = Float32Array.of(0, 1, 0, 0, 0);
    const matrices = [{ from: 1, to: 5, rows: 4, columns: 1 }];
    const seen: Float32Array[] = [];
    const update = { gradient: Float32Array.of(9, 1, 2, 0, 0), factor: 0.5, learningRate: 0.1, matrices };

    await muon(parameters, momentum, update, async (given) => {
      seen.push(...given.map(({ values }) => values));
      return [Float32Array.of(1, 0, 0, 0)];
    });

    // m = 0.95 · 1 + 0.5 = 1.45; direction 0.5 + 0.95 · 1.45; the second gradient is 1, its momentum 1.
    expect(momentum[1]).toBeCloseTo(1.45, 6);
    expect([...(seen[0] ?? [])].map((value) => Number(value.toFixed(4)))).toEqual([1.8775, 1.95, 0, 0]);
    // 1 · (1 − 0.05 · 0.1) − 0.1 · √4 · 1; the others only decay.
    expect(parameters[1]).toBeCloseTo(0.795, 6);
    expect(parameters[4]).toBeCloseTo(3.98, 6);
    expect(parameters[0]).toBe(5);
  });
});

describe("clipping", () => {
  it("scales a gradient down to the longest allowed, and never up", () => {
    const gradient = Float32Array.of(3, 4);

    expect(gradientNorm(gradient)).toBe(5);
    expect(clipFactor(5, 1)).toBe(0.2);
    expect(clipFactor(0.5, 1)).toBe(1);
  });

  it("shows a gradient that is not finite by its length", () => {
    expect(gradientNorm(Float32Array.of(1, Number.NaN))).toBeNaN();
    expect(gradientNorm(Float32Array.of(1, Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the learning rate", () => {
  const course = { learningRate: 1, warmupSteps: 4, finalShare: 0.2 };
  const rates = (schedule: "constant" | "linear" | "cosine") =>
    Array.from({ length: 9 }, (_, i) => Number(learningRateAt({ ...course, schedule }, i + 1, 8).toFixed(4)));

  it("rises linearly and stays", () => {
    expect(rates("constant")).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1]);
  });

  it("falls linearly to its final share after the last step", () => {
    expect(rates("linear")).toEqual([0.25, 0.5, 0.75, 1, 0.84, 0.68, 0.52, 0.36, 0.2]);
  });

  it("falls along half a cosine", () => {
    expect(rates("cosine")).toEqual([0.25, 0.5, 0.75, 1, 0.9236, 0.7236, 0.4764, 0.2764, 0.2]);
  });

  it("is full from the first step without warm-up", () => {
    expect(learningRateAt({ ...course, warmupSteps: 0, schedule: "linear" }, 1, 8)).toBe(1);
  });
});
