import { describe, expect, it } from "vitest";
import { createLeaseTerms } from "../../../../coordinator/index.ts";

const DAY_MS = 86_400_000;

describe("the term of a lease", () => {
  it("ends by the monotonic clock", () => {
    const { clock, now } = clockThat();
    const terms = createLeaseTerms(clock, 1_000);
    terms.renew("l1");

    now.monotonicMs += 999;
    const early = terms.expired();
    now.monotonicMs += 1;

    expect(early).toEqual([]);
    expect(terms.expired()).toEqual(["l1"]);
  });

  it.each([DAY_MS, -DAY_MS])("is what it was when the time of day jumps by %i ms", (jumpMs) => {
    const { clock, now } = clockThat();
    const terms = createLeaseTerms(clock, 1_000);
    terms.renew("l1");

    now.wallMs += jumpMs;

    expect(terms.expired()).toEqual([]);
    expect(terms.remainingMs("l1")).toBe(1_000);
  });
});

function clockThat() {
  const now = { monotonicMs: 5, wallMs: 1_800_000_000_000 };
  return { now, clock: { monotonicMs: () => now.monotonicMs, wallMs: () => now.wallMs } };
}
