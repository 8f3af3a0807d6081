import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoffMs, CancelledError, DeadlineError, withDeadline } from "../../../core/index.ts";

describe("withDeadline", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("passes the result on when it comes in time", async () => {
    expect(await withDeadline("an answer", 100, Promise.resolve(42))).toBe(42);
  });

  it("names what was waited for, and how long", async () => {
    const waiting = withDeadline("a lease", 100, new Promise(() => {}));
    const refused = expect(waiting).rejects.toThrow(new DeadlineError("waited 100 ms for a lease"));

    await vi.advanceTimersByTimeAsync(100);

    await refused;
  });

  it("gives up as cancelled when its signal aborts", async () => {
    const stop = new AbortController();
    const waiting = withDeadline("a lease", 100, new Promise(() => {}), stop.signal);
    const refused = expect(waiting).rejects.toThrow(CancelledError);

    stop.abort();

    await refused;
  });
});

describe("backoffMs", () => {
  it("doubles up to its bound", () => {
    expect([0, 1, 2, 3, 4, 40].map((attempt) => backoffMs(attempt, 100, 900))).toEqual([
      100, 200, 400, 800, 900, 900,
    ]);
  });
});
