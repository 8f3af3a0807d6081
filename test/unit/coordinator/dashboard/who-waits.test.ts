import { describe, expect, it } from "vitest";
import { sayWhoWaits } from "../../../../coordinator/dashboard/who-waits.ts";

/** A step in which the updater waited, computed and had its batch in hand for so many seconds. */
function step(wait: number, busy: number, inHand: number, skipped: string | null = null) {
  return { skipped, seconds: { wait, forward: busy / 2, backward: busy / 4, optimizer: busy / 4, inHand } };
}

describe("who waits for whom", () => {
  it("is not said before the second step", () => {
    expect(sayWhoWaits([step(3, 1, 1)]).sentence).toBe("");
  });

  it("is the updater where rollouts are short", () => {
    const said = sayWhoWaits([step(6, 4, 4), step(6.4, 3.6, 3.6)]);

    expect(said.updaterWaits).toBeCloseTo(0.62, 10);
    expect(said.sentence).toBe(
      "The updater waits 62 % of the time over the last 2 steps: add workers, or lower the group size.",
    );
  });

  it("are complete batches where the updater is short", () => {
    const said = sayWhoWaits([step(0, 4, 7), step(0, 4, 7)]);

    expect(said.batchWaits).toBeCloseTo(0.75, 10);
    expect(said.sentence).toMatch(
      /^Complete batches wait 75 % of the time .* more workers would not help\.$/,
    );
  });

  it("are both where batches come in bursts, and neither where they are in step", () => {
    expect(sayWhoWaits([step(5, 5, 9), step(5, 5, 9)]).sentence).toContain("they come in bursts");
    expect(sayWhoWaits([step(1, 9, 9), step(1, 9, 9)]).sentence).toContain("in step");
  });

  it("is about the newest sixteen steps that were trained", () => {
    const old = Array.from({ length: 20 }, () => step(9, 1, 1));
    const skipped = step(100, 0, 0, "not finite");
    const recent = Array.from({ length: 16 }, () => step(0, 1, 1));

    const { steps, updaterWaits } = sayWhoWaits([...old, skipped, ...recent]);

    expect([steps, updaterWaits]).toEqual([16, 0]);
  });
});
