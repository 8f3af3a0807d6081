import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../core/index.ts";
import { createSampler } from "../../../llama/decoding/sampler.ts";
import type { SamplingSettings } from "../../../llama/index.ts";
import { entropyOf, logSoftmax, truncate } from "../../support/raw-logits.ts";

const FREE: SamplingSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: 1, stop: [] };

const logit = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -2000, max: 2000 }).map((n) => n / 64) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 2, 30) }, // Ties.
  { weight: 1, arbitrary: fc.constantFrom(3e38, -3e38, 1000, -1000) },
);
const row = fc
  .tuple(fc.array(logit, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 700 }))
  .map(([some, length]) =>
    Float32Array.from({ length }, (_, token) => some[(token * 7) % some.length] as number),
  );
const temperature = fc.double({ min: 0.05, max: 4, noNaN: true });
const uniform = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("a choice from any finite logits", () => {
  it("has the log-probability and entropy of a float64 softmax, to 1e-5", () => {
    fc.assert(
      fc.property(row, temperature, uniform, (logits, temperature, draw) => {
        const logps = logSoftmax(logits, temperature);

        const choice = createSampler(logits.length).choose(logits, { ...FREE, temperature }, draw);

        const { token = -1, logp = Number.NaN, entropy = Number.NaN } = choice ?? {};
        expect(Math.abs(logp - (logps[token] as number))).toBeLessThan(1e-5);
        expect(Math.abs(entropy - entropyOf(logps.filter((each) => each > -700)))).toBeLessThan(1e-5);
      }),
      { numRuns: 400 },
    );
  });

  it("is the token in which the draw falls along the distribution, to 1e-5", () => {
    fc.assert(
      fc.property(row, temperature, uniform, (logits, temperature, draw) => {
        const shares = logSoftmax(logits, temperature).map(Math.exp);

        const token =
          createSampler(logits.length).choose(logits, { ...FREE, temperature }, draw)?.token ?? -1;

        const below = shares.slice(0, token).reduce((sum, share) => sum + share, 0);
        expect(draw).toBeGreaterThan(below - 1e-5);
        expect(draw).toBeLessThan(below + (shares[token] as number) + 1e-5);
        expect(shares[token]).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  it("is the first of the greatest at temperature 0", () => {
    fc.assert(
      fc.property(row, uniform, (logits, draw) => {
        const choice = createSampler(logits.length).choose(logits, { ...FREE, temperature: 0 }, draw);

        expect(choice?.token).toBe(logits.indexOf(Math.max(...logits)));
      }),
    );
  });

  it("comes out the same from a sampler that has seen other rows", () => {
    const used = createSampler(300);
    const rows = fc.array(logit, { minLength: 300, maxLength: 300 }).map((each) => Float32Array.from(each));
    fc.assert(
      fc.property(rows, uniform, (logits, draw) => {
        const settings = { ...FREE, topK: 0 };
        expect(used.choose(logits, settings, draw)).toEqual(
          createSampler(300).choose(logits, settings, draw),
        );
      }),
    );
  });
});

describe("truncation", () => {
  const truncation = fc.record({
    topK: fc.constantFrom(0, 0, 1, 2, 5, 50, 1000),
    topP: fc.oneof(fc.constant(1), fc.constantFrom(0.01313, 0.33373, 0.77123, 0.91237, 0.98713)),
    minP: fc.constantFrom(0, 0, 0.0103, 0.31, 1),
  });

  it("keeps what sorting the whole vocabulary keeps, with its probabilities", () => {
    fc.assert(
      fc.property(row, temperature, truncation, uniform, (logits, temperature, chosen, draw) => {
        const sampler = createSampler(logits.length);
        const probabilities = truncate(logSoftmax(logits, temperature), chosen);

        const choice = sampler.choose(logits, { ...FREE, ...chosen, temperature }, draw);

        const { token = -1, logq = 0, logp = 0 } = choice ?? {};
        const isTruncated = chosen.topK > 0 || chosen.topP < 1 || chosen.minP > 0;
        const expected = Math.log(probabilities[token] as number);
        expect(Math.abs((isTruncated ? logq : logp) - expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 600 },
    );
  });

  it("keeps the lower ids of equal logits", () => {
    const logits = new Float32Array(500).fill(1);
    const choose = (draw: number) => createSampler(500).choose(logits, { ...FREE, topK: 3 }, draw)?.token;

    expect([0, 0.34, 0.67, 0.999].map(choose)).toEqual([0, 1, 2, 2]);
  });
});

describe("a logit that is not finite", () => {
  it.each([Number.NaN, Infinity, -Infinity])("%d anywhere is told, not sampled from", (value) => {
    const next = createRandom(`row with ${value}`);
    const sampler = createSampler(1000);
    for (const place of [0, 1, 63, 64, 511, 998, 999]) {
      const logits = Float32Array.from({ length: 1000 }, next);
      logits[place] = value;

      expect(sampler.choose(logits, FREE, 0.5)).toBeNull();
      expect(sampler.score(logits, 1, 3)).toBeNull();
    }
    expect(sampler.choose(Float32Array.from({ length: 1000 }, next), FREE, 0.5)).not.toBeNull();
  });
});

describe("on 128,256 logits", () => {
  it("the same tokens and bits come out on every machine", () => {
    const next = createRandom("a large row");
    const logits = Float32Array.from({ length: 128_256 }, () => 8 * (next() + next() + next()));
    const sampler = createSampler(logits.length);

    const choices = [0, 0.25, 0.5, 0.75, 1 - 2 ** -53].map((draw) => sampler.choose(logits, FREE, draw));

    expect(choices).toMatchInlineSnapshot(`
      [
        {
          "entropy": 8.505492932797594,
          "logp": -18.69644762095111,
          "logq": NaN,
          "token": 0,
        },
        {
          "entropy": 8.505492932797594,
          "logp": -8.047592411600522,
          "logq": NaN,
          "token": 33367,
        },
        {
          "entropy": 8.505492932797594,
          "logp": -9.081177006327085,
          "logq": NaN,
          "token": 64666,
        },
        {
          "entropy": 8.505492932797594,
          "logp": -6.808248768412045,
          "logq": NaN,
          "token": 96923,
        },
        {
          "entropy": 8.505492932797594,
          "logp": -17.603969822489194,
          "logq": NaN,
          "token": 128255,
        },
      ]
    `);
  });
});
