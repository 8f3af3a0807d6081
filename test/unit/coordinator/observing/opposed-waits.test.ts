import { describe, expect, it } from "vitest";
import { createOpposedWaits } from "../../../../coordinator/observing/opposed-waits.ts";

/**
 * A run whose times are known: a batch is composed every `composeMs` as long as fewer than two are out, and trained in
 * `trainMs`; looked at each millisecond.
 */
function shares(composeMs: number, trainMs: number, lengthMs: number) {
  const waits = createOpposedWaits(0);
  let [composed, step, madeMs, trainedMs] = [0, 0, 0, 0];
  for (let ms = 0; ms < lengthMs; ms++) {
    waits.note({ composed, step, isTraining: true }, ms);
    if (composed - step < 2) madeMs += 1;
    if (composed > step) trainedMs += 1;
    if (madeMs === composeMs) [composed, madeMs] = [composed + 1, 0];
    if (trainedMs === trainMs) [step, trainedMs] = [step + 1, 0];
  }
  const { updaterWaited, rolloutsWaited } = waits.read(lengthMs);
  return { updater: (1_000 * updaterWaited) / lengthMs, rollouts: (1_000 * rolloutsWaited) / lengthMs };
}

describe("who waited for whom", () => {
  it("is the updater for six tenths of a run in which sampling a batch takes 10 s and training it 4 s", () => {
    const { updater, rollouts } = shares(10_000, 4_000, 1_000_000);

    expect(updater).toBeCloseTo(0.6, 2);
    expect(rollouts).toBe(0);
  });

  it("are the rollouts for six tenths of a run in which training takes 10 s and sampling 4 s", () => {
    const { updater, rollouts } = shares(4_000, 10_000, 1_000_000);

    expect(rollouts).toBeCloseTo(0.6, 1);
    expect(updater).toBeLessThan(0.01);
  });

  it("is nobody while no updater is there or the run does not go on", () => {
    const waits = createOpposedWaits(0);
    waits.note({ composed: 0, step: 0, isTraining: false }, 0);
    waits.note({ composed: 2, step: 0, isTraining: false }, 5_000);

    expect(waits.read(9_000)).toEqual({ updaterWaited: 0, rolloutsWaited: 0 });
  });

  it("does not run backwards when the wall clock is set back", () => {
    const waits = createOpposedWaits(0);
    waits.note({ composed: 0, step: 0, isTraining: true }, 1_000);
    const before = waits.read(3_000);

    expect(before.updaterWaited).toBe(2);
    expect(waits.read(500).updaterWaited).toBe(2);
    expect(waits.read(1_500).updaterWaited).toBe(3);
  });
});
