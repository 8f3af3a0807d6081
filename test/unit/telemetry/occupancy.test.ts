import { describe, expect, it } from "vitest";
import { createOccupancy } from "../../../telemetry/index.ts";

describe("the occupancy of places", () => {
  it("adds up for how long each place was taken and free", () => {
    let nowMs = 1_000;
    const occupancy = createOccupancy({ monotonicMs: () => nowMs }, 4);

    nowMs += 2_000; // All free.
    occupancy.take(3);
    nowMs += 1_000;
    occupancy.take(9); // Waiting ones take no place.
    nowMs += 500;
    const before = occupancy.read();
    occupancy.take(0);
    nowMs += 1_500;

    expect(before).toEqual({ busySeconds: 3 + 2, idleSeconds: 8 + 1 });
    expect(occupancy.read()).toEqual({ busySeconds: 5, idleSeconds: 9 + 6 });
  });
});
