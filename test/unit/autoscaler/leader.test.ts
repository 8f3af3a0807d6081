import { describe, expect, it } from "vitest";
import { createLeader, type LeaseRecord, type LeaseStore } from "../../../autoscaler/leader.ts";

/** A Lease that refuses writes onto what it no longer is, and a clock that is moved by hand. */
function openLease() {
  let record: LeaseRecord | null = null;
  let nowMs = 0;
  let isAway = false;
  let writes = 0;
  const store: LeaseStore = {
    read: async () => {
      if (isAway) throw new Error("away");
      return record;
    },
    write: async (holder, durationSeconds, before) => {
      if (isAway) throw new Error("away");
      if (before?.version !== record?.version) throw new Error("somebody else wrote it");
      record = { holder, durationSeconds, version: String(++writes) };
      return record;
    },
  };
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 };
  return {
    candidate: (identity: string) => createLeader(store, identity, clock),
    holder: () => record?.holder,
    pass: (seconds: number) => {
      nowMs += seconds * 1_000;
    },
    away: (value: boolean) => {
      isAway = value;
    },
  };
}

describe("Of several autoscalers", () => {
  it("the first one leads, and goes on leading as long as it renews its Lease", async () => {
    const lease = openLease();
    const [a, b] = [lease.candidate("a"), lease.candidate("b")];

    const seen: boolean[] = [];
    for (let round = 0; round < 20; round++) {
      seen.push(await a.hold(), await b.hold());
      lease.pass(5);
    }

    expect(seen).toEqual(Array.from({ length: 20 }, () => [true, false]).flat());
  });

  it("another leads once a Lease was not renewed for its duration, as the other saw it itself", async () => {
    const lease = openLease();
    const [a, b] = [lease.candidate("a"), lease.candidate("b")];
    await a.hold();
    lease.pass(100); // Nobody looked meanwhile: how old it is cannot be known.

    const first = await b.hold();
    lease.pass(14);
    const early = await b.hold();
    lease.pass(2);
    const late = await b.hold();

    expect([first, early, late]).toEqual([false, false, true]);
    expect(await a.hold()).toBe(false);
  });

  it("one that cannot reach the Lease gives itself up before another may take it", async () => {
    const lease = openLease();
    const a = lease.candidate("a");
    await a.hold();
    lease.away(true);

    lease.pass(9);
    const stillHeld = await a.hold();
    lease.pass(2);

    expect(stillHeld).toBe(true);
    await expect(a.hold()).rejects.toThrow("away");
  });

  it("one that ends lets go, so that another need not wait", async () => {
    const lease = openLease();
    const [a, b] = [lease.candidate("a"), lease.candidate("b")];
    await a.hold();

    await a.release();

    expect(lease.holder()).toBe("");
    expect(await b.hold()).toBe(true);
  });

  it("one that never led takes nothing from whoever leads when it ends", async () => {
    const lease = openLease();
    const [a, b] = [lease.candidate("a"), lease.candidate("b")];
    await a.hold();
    await b.hold();

    await b.release();

    expect(lease.holder()).toBe("a");
  });
});
