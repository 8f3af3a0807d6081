import { describe, expect, it } from "vitest";
import { createFleetHistory } from "../../../../coordinator/dashboard/fleet-history.ts";
import type { WorkerPresence } from "../../../../transport/index.ts";

function worker(name: string, busySlots = 0, draining = false): WorkerPresence {
  const about = { device: "CPU", modelDigest: "", quantization: "Q8_0", variant: "base", wait: null };
  return {
    name,
    ...about,
    draining,
    slots: 8,
    busySlots,
    policyVersion: 0,
    tokensPerSecond: 0,
  } as WorkerPresence;
}

describe("the history of a fleet", () => {
  it("has a stay for each time that a worker was there", () => {
    const history = createFleetHistory(1_000);

    history.see([worker("a"), worker("b")], 2_000);
    history.see([worker("b")], 3_000);
    history.see([worker("a"), worker("b")], 4_000);

    expect(history.view(5_000)).toMatchObject({
      now: 5_000,
      since: 1_000,
      stays: [
        { worker: "a", from: 2_000, to: 3_000, end: "lost" },
        { worker: "b", from: 2_000, to: null, end: null },
        { worker: "a", from: 4_000, to: null, end: null },
      ],
    });
  });

  it("tells who said that it goes from who fell silent, also where another one comes at once under the same name", () => {
    const history = createFleetHistory(1_000);

    history.see([worker("a"), worker("b"), worker("c")], 2_000);
    history.see([worker("a", 0, true), worker("b"), worker("c", 0, true)], 3_000);
    history.see([worker("c")], 4_000);

    expect(history.view(5_000).stays).toEqual([
      { worker: "a", from: 2_000, to: 4_000, end: "drained" },
      { worker: "b", from: 2_000, to: 4_000, end: "lost" },
      { worker: "c", from: 2_000, to: 4_000, end: "drained" },
      { worker: "c", from: 4_000, to: null, end: null },
    ]);
  });

  it("samples busy slots every five seconds, a quarter of an hour of them", () => {
    const history = createFleetHistory(0);

    for (let second = 0; second < 2_000; second++)
      history.see([worker("a", second % 8)], 1_000_000 + 1_000 * second);

    const samples = history.view(0).slots["a"] ?? [];
    expect(samples).toHaveLength(180);
    expect(samples.at(-1)).toEqual({ at: 2_995_000, busy: 1_995 % 8 });
    expect((samples.at(-1)?.at ?? 0) - (samples.at(-2)?.at ?? 0)).toBe(5_000);
  });

  it("forgets the slots of workers that are not in it any more", () => {
    const history = createFleetHistory(0);

    for (let i = 0; i < 450; i++) history.see([worker(`w${i}`)], 10_000 * (i + 1));

    const { stays, slots } = history.view(0);
    expect(stays).toHaveLength(401);
    expect(Object.keys(slots).toSorted()).toEqual(stays.map((stay) => stay.worker).toSorted());
  });
});
