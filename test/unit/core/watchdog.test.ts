import { describe, expect, it } from "vitest";
import { beginWait, longestWaits, openWatchdog, pause, withDeadline } from "../../../core/index.ts";
import { type BegunWait, begunWaits } from "../../../core/waits.ts";
import { overstayed } from "../../../core/watchdog.ts";

const SAYS_IN_MS = 10_000;

describe("Whatever waits has a deadline and a name", () => {
  it("as long as it waits, and not longer", async () => {
    const answer = Promise.withResolvers<void>();
    const waiting = withDeadline("the answer of the test", 60_000, answer.promise);
    const during = namesOf("the answer of the test");

    answer.resolve();
    await waiting;

    expect(during).toEqual([["the answer of the test", 60_000]]);
    expect(namesOf("the answer of the test")).toEqual([]);
  });

  it("also when it ends at its deadline, as cancelled, or with an error", async () => {
    const never = new Promise<void>(() => {});

    await expect(withDeadline("a late test", 1, never)).rejects.toThrow("waited 1 ms for a late test");
    await expect(withDeadline("a stopped test", 60_000, never, AbortSignal.abort())).rejects.toThrow();
    await expect(withDeadline("a failed test", 60_000, Promise.reject(new Error("no")))).rejects.toThrow();

    expect(namesOf("test")).toEqual([]);
  });

  it("and is listed longest first", async () => {
    using _first = beginWait("the first of this test", 1_000);
    await pause(2);
    using _second = beginWait("the second of this test", 1_000);

    const [first, second] = longestWaits(1_000).filter(({ name }) => name.endsWith("of this test"));

    expect([first?.name, second?.name]).toEqual(["the first of this test", "the second of this test"]);
    expect(first?.ms).toBeGreaterThan(second?.ms ?? Number.POSITIVE_INFINITY);
  });
});

describe("a watchdog", () => {
  it("names a wait that outlived its deadline, once", async () => {
    const said = Promise.withResolvers<string>();
    const sentences: string[] = [];
    using _watchdog = openWatchdog({
      say: (sentence) => {
        sentences.push(sentence);
        said.resolve(sentence);
      },
      everyMs: 5,
      marginMs: 20,
      blockedMs: Number.POSITIVE_INFINITY,
    });
    using _wait = beginWait("a promise that never settles", 10);

    const sentence = await withDeadline("the watchdog to speak", SAYS_IN_MS, said.promise);
    await pause(50);

    expect(sentence).toMatch(
      /^still waiting for a promise that never settles \(for \d+\.\d s where 0\.0 s are allowed\): what should have ended this did not$/,
    );
    expect(sentences).toHaveLength(1);
  });

  it("says that the process stood still, and not that what waited meanwhile is late", async () => {
    const said = Promise.withResolvers<string>();
    using _watchdog = openWatchdog({ say: said.resolve, everyMs: 20, marginMs: 0, blockedMs: 300 });
    const waiting = withDeadline("something of the test", 10_000, said.promise);

    const until = performance.now() + 600;
    using _wait = beginWait("something that was over long ago", 1);
    while (performance.now() < until);

    expect(await waiting).toMatch(
      /^this process stood still for \d+\.\d s: nothing in it could be answered$/,
    );
  });

  it("finds nothing about what is within its time", () => {
    const wait = (name: string, sinceMs: number, deadlineMs: number): BegunWait => ({
      name,
      sinceMs,
      deadlineMs,
    });
    const waits = [wait("new", 900, 200), wait("at its margin", 700, 250), wait("late", 0, 949)];

    const late = overstayed(waits, 1_000, 50);

    expect(late.map(({ name }) => name)).toEqual(["late"]);
    expect([...begunWaits()].filter(({ name }) => name === "late")).toEqual([]);
  });
});

function namesOf(part: string): [string, number][] {
  return longestWaits(1_000)
    .filter(({ name }) => name.endsWith(part))
    .map(({ name, deadlineMs }) => [name, deadlineMs]);
}
