import { describe, expect, it } from "vitest";
import { setAsideTable, waitsTable } from "../../../cli/show/waits-table.ts";

describe("what a status shows", () => {
  it("of waits is what for, on whom, how long, and how long at most where that is said", () => {
    const waits = [
      { what: "batch 3 to be trained", on: "the updater", seconds: 95, deadlineSeconds: 0 },
      { what: "a sign of life over task t7", on: "worker-1", seconds: 12.4, deadlineSeconds: 25 },
    ];

    expect(waitsTable(waits)).toBe(`\
waits for                    on           for     at most
batch 3 to be trained        the updater  1m 35s
a sign of life over task t7  worker-1     12s     25s`);
  });

  it("of instances set aside is which and why", () => {
    const setAside = [{ instance: "django-1", reason: "prompt-too-long: 9000 tokens" }];

    expect(setAsideTable(setAside)).toBe("set aside  why\ndjango-1   prompt-too-long: 9000 tokens");
  });

  it("of neither is nothing", () => {
    expect([waitsTable([]), setAsideTable([])]).toEqual(["", ""]);
  });
});
