import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completionLoss, type LossOptions, type TokenPolicies } from "../../../updater/index.ts";

const defaults: LossOptions = {
  ratio: "prox",
  ratioLevel: "token",
  clipLow: 0.2,
  clipHigh: 0.28,
  beta: 0,
  kl: "k3",
  weightCap: 2,
};

/** π_θ at −1 and −2, sampled when they were at −1.2 and −2.5; the reference is 0.3 above π_θ. */
function policiesThat(given: Partial<Record<keyof TokenPolicies, readonly number[]>> = {}): TokenPolicies {
  const logp = given.logpT ?? [-1, -2];
  return {
    logpT: Float32Array.from(logp),
    proxT: Float32Array.from(given.proxT ?? logp),
    muT: Float32Array.from(given.muT ?? [-1.2, -2.5]),
    referenceT: Float32Array.from(given.referenceT ?? logp.map((value) => value + 0.3)),
  };
}

function coefficients(
  options: Partial<LossOptions>,
  {
    advantage = 2,
    scale = 0.5,
    ...given
  }: Record<string, unknown> & { advantage?: number; scale?: number } = {},
) {
  return completionLoss(policiesThat(given), advantage, scale, { ...defaults, ...options });
}

describe("the loss of a completion: worked examples", () => {
  it("weighs each token by prox / mu, at most the cap", () => {
    const { coefficientsT, loss, cutT } = coefficients({ weightCap: 1.5 });

    // e^0.2 = 1.221403 is below the cap, e^0.5 = 1.648721 above; −0.5 · w · 2.
    expect(coefficientsT[0]).toBeCloseTo(-1.221403, 5);
    expect(coefficientsT[1]).toBeCloseTo(-1.5, 5);
    expect(loss).toBeCloseTo(-2.721403, 5);
    expect(cutT).toEqual([false, true]);
  });

  it("clips the ratio to the behaviour policy from above for a good completion", () => {
    const { coefficientsT, loss, clippedT } = coefficients({ ratio: "behaviour" });

    // 1.221403 passes, 1.648721 stands at 1.28: −0.5 · 2 · (1.221403 + 1.28).
    expect(coefficientsT[0]).toBeCloseTo(-1.221403, 5);
    expect(coefficientsT[1]).toBe(0);
    expect(loss).toBeCloseTo(-2.501403, 5);
    expect(clippedT.filter(Boolean)).toHaveLength(1);
  });

  it("clips it from below for a bad completion, and lets it fall back from above", () => {
    const muT = [-0.5, -2.5];

    const { coefficientsT, loss, clippedT } = coefficients({ ratio: "behaviour" }, { advantage: -1, muT });

    // e^−0.5 = 0.606531 stands at 0.8; e^0.5 passes: 0.5 · (0.8 + 1.648721).
    expect(Math.abs(coefficientsT[0] ?? Number.NaN)).toBe(0);
    expect(coefficientsT[1]).toBeCloseTo(0.824361, 5);
    expect(loss).toBeCloseTo(1.224361, 5);
    expect(clippedT.filter(Boolean)).toHaveLength(1);
  });

  it("takes the geometric mean of the ratios over a sequence", () => {
    const { coefficientsT } = coefficients({ ratio: "behaviour", ratioLevel: "sequence", clipHigh: 0.5 });

    // e^((0.2 + 0.5) / 2) = 1.419068, for both tokens.
    expect(coefficientsT[0]).toBeCloseTo(-1.419068, 5);
    expect(coefficientsT[1]).toBeCloseTo(-1.419068, 5);
  });

  it("takes the geometric mean of the weights over a sequence", () => {
    const { coefficientsT, cutT } = coefficients({ ratioLevel: "sequence", weightCap: 1.4 });

    expect(coefficientsT[0]).toBeCloseTo(-1.4, 5);
    expect(cutT).toEqual([true, true]);
  });

  it("takes k1 off the advantage", () => {
    const muT = [-1, -2];

    const { coefficientsT } = coefficients({ beta: 0.1, kl: "k1" }, { muT });

    // k1 = log π − log reference = −0.3, so the advantage is 2 + 0.03.
    expect(coefficientsT[0]).toBeCloseTo(-0.5 * 2.03, 5);
  });

  it("adds k2 to the loss, weighted", () => {
    const { coefficientsT, loss } = coefficients({ beta: 0.1, kl: "k2" }, { advantage: 0 });

    // 0.3² / 2 = 0.045 with slope −0.3; weights 1.221403 and 1.648721.
    expect(coefficientsT[0]).toBeCloseTo(0.5 * 0.1 * 1.221403 * -0.3, 6);
    expect(loss).toBeCloseTo(0.5 * 0.1 * 0.045 * (1.221403 + 1.648721), 6);
  });

  it("adds k3 to the loss, weighted", () => {
    const { coefficientsT, loss } = coefficients({ beta: 0.1, kl: "k3" }, { advantage: 0 });

    // e^0.3 − 1 − 0.3 = 0.049859 with slope 1 − e^0.3 = −0.349859.
    expect(coefficientsT[1]).toBeCloseTo(0.5 * 0.1 * 1.648721 * -0.349859, 6);
    expect(loss).toBeCloseTo(0.5 * 0.1 * 0.049859 * (1.221403 + 1.648721), 6);
  });

  it("stays finite where policies have nothing in common", () => {
    const apart = { logpT: [-1, -90], muT: [-80, -1], referenceT: [-200, -1] };

    const { coefficientsT, loss } = coefficients({ beta: 0.1, ratio: "behaviour", clipHigh: 1e9 }, apart);

    expect(coefficientsT.every(Number.isFinite)).toBe(true);
    expect(Number.isFinite(loss)).toBe(true);
  });

  it("refuses a divergence without a reference", () => {
    const policies = { ...policiesThat(), referenceT: null };

    expect(() => completionLoss(policies, 1, 1, { ...defaults, beta: 0.1 })).toThrow(
      "needs log-probabilities",
    );
  });
});

const logps = fc.array(fc.double({ min: -6, max: -0.01, noNaN: true }), { minLength: 1, maxLength: 5 });
const nudges = fc.array(fc.double({ min: -0.6, max: 0.6, noNaN: true }), { minLength: 15, maxLength: 15 });
const anyOptions: fc.Arbitrary<LossOptions> = fc.record({
  ratio: fc.constantFrom("prox" as const, "behaviour" as const),
  ratioLevel: fc.constantFrom("token" as const, "sequence" as const),
  clipLow: fc.constantFrom(0.1, 0.2),
  clipHigh: fc.constantFrom(0.2, 0.28),
  beta: fc.constantFrom(0, 0.1),
  kl: fc.constantFrom("k1" as const, "k2" as const, "k3" as const),
  weightCap: fc.constantFrom(1, 2),
});

describe("the coefficients", () => {
  it("are the derivative of the loss, whatever the options, also where π_θ has left π_prox", () => {
    const step = 2 ** -9;

    fc.assert(
      fc.property(
        logps,
        nudges,
        fc.constantFrom(-1.5, 0.7),
        anyOptions,
        (proxT, nudgesT, advantage, options) => {
          const moved = (offset: number) => proxT.map((prox, t) => prox + (nudgesT[offset + t] ?? 0));
          const policies = policiesThat({ proxT, logpT: moved(0), muT: moved(5), referenceT: moved(10) });
          const lossAt = (t: number, by: number) => {
            const logpT = policies.logpT.map((logp, other) => (other === t ? logp + by : logp));
            return completionLoss({ ...policies, logpT }, advantage, 0.5, options);
          };
          const { coefficientsT, clippedT } = lossAt(0, 0);

          for (let t = 0; t < proxT.length; t++) {
            const up = lossAt(t, step);
            const down = lossAt(t, -step);
            fc.pre([up, down].every((moved) => isDeepStrictEqual(moved.clippedT, clippedT)));
            const slope = (up.loss - down.loss) / (2 * step);
            expect(Math.abs((coefficientsT[t] ?? 0) - slope)).toBeLessThan(1e-4);
          }
        },
      ),
    );
  });

  it("are those of plain policy gradient when all policies are one", () => {
    fc.assert(
      fc.property(logps, anyOptions, (logpT, options) => {
        const same = policiesThat({ logpT, muT: logpT, referenceT: logpT });

        const { coefficientsT } = completionLoss(same, 1.5, 0.25, options);

        for (const coefficient of coefficientsT) expect(coefficient).toBeCloseTo(-0.375, 6);
      }),
    );
  });
});
