import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { compareAll, meanOf, SEEDS } from "../../../../bench/scaling/compare.ts";
import { drawPicture } from "../../../../bench/scaling/picture.ts";
import { figuresTable } from "../../../../bench/scaling/table.ts";

const comparisons = meanOf(SEEDS.map(compareAll));
const POINTS = 0.05;
const SHARE = 1.05;
/** How much longer than under the autoscaler that has every machine running, in share of the run. */
const STARVED_MORE: Readonly<Record<string, number>> = { bursty: 0.055, "cold starts": 0.065 };

describe("The size of the pools, simulated on the coordinator's own books", () => {
  describe.each(comparisons)(
    "in the scenario $scenario.name",
    ({ scenario, ours, clairvoyant, queueLength }) => {
      it("has shares of idle, starved and stale within five points of a policy that knows the future", () => {
        expect(ours.idleShare).toBeLessThanOrEqual(clairvoyant.idleShare + POINTS);
        expect(ours.starvedShare).toBeLessThanOrEqual(clairvoyant.starvedShare + POINTS);
        expect(ours.staleShare).toBeLessThanOrEqual(clairvoyant.staleShare + POINTS);
      });

      it("costs at most a twentieth more, and turns at most a twentieth more often", () => {
        expect(ours.cost).toBeLessThanOrEqual(clairvoyant.cost * SHARE);
        expect(ours.directionChanges).toBeLessThanOrEqual(clairvoyant.directionChanges * SHARE);
      });

      it("is better than an autoscaler on queue length, which buys its few turns and waits with idle machines", () => {
        expect(ours.idleShare).toBeLessThan(queueLength.idleShare / 5);
        expect(ours.cost).toBeLessThan(queueLength.cost / 2);
        expect(ours.staleShare).toBeLessThan(queueLength.staleShare);
        expect(ours.starvedShare).toBeLessThan(
          queueLength.starvedShare + (STARVED_MORE[scenario.name] ?? 0.005),
        );
      });
    },
  );

  it("is what docs/scaling.svg and docs/scaling.md show", async () => {
    const docs = new URL("../../../../docs/", import.meta.url);

    expect(await readFile(new URL("scaling.svg", docs), "utf8")).toBe(drawPicture(comparisons));
    expect(await readFile(new URL("scaling.md", docs), "utf8")).toContain(figuresTable(comparisons));
  });
});
