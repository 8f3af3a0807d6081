import { expect, it } from "vitest";
import { beginWait, underName, withDeadline } from "../../../core/index.ts";
import type { WorkerPresence } from "../../../transport/index.ts";
import { announcePresence } from "../../../workers/presence.ts";
import { silentLogger } from "../../support/silent-logger.ts";

const STATUS = {
  ...{ busySlots: 2, waitingSamples: 0, sampledTokens: 7, prefillTokens: 0, cells: 64, usedCells: 9 },
};
const FIXED = {
  name: "w1",
  device: "cpu",
  modelDigest: "ab",
  quantization: "F32",
  variant: "base",
  pool: "",
  slots: 4,
};

it("a worker announces what it has waited for longest, and its deadline where it has one", async () => {
  const announced: WorkerPresence[] = [];
  const stop = new AbortController();
  const released = Promise.withResolvers<void>();
  const unbounded = underName("a task to come", released.promise);
  const policy = { version: 3, adapter: "" };
  const announcing = announcePresence(
    {
      fixed: FIXED,
      engine: { status: async () => ({ ...STATUS, policy }) },
      announce: async (presence) => {
        announced.push(presence);
        if (announced.length === 1) released.resolve();
        else stop.abort();
      },
      intervalMs: 1,
      draining: new AbortController().signal,
      logger: silentLogger,
    },
    stop.signal,
  );
  using _bounded = beginWait("an answer", 1_500);

  await withDeadline("two announcements", 10_000, announcing);
  await unbounded;

  expect(announced.map(({ wait }) => [wait?.name, wait?.deadlineMs])).toEqual([
    ["a task to come", null],
    ["an answer", 1_500],
  ]);
});

it("a worker announces that it goes, at once, and also where it is gone before its next announcement", async () => {
  for (const isGoneAtOnce of [false, true]) {
    const announced: boolean[] = [];
    const [stop, drain] = [new AbortController(), new AbortController()];
    const announcing = announcePresence(
      {
        fixed: FIXED,
        engine: { status: async () => ({ ...STATUS, policy: { version: 3, adapter: "" } }) },
        announce: async ({ draining }) => {
          announced.push(draining);
          if (draining) return stop.abort();
          drain.abort();
          if (isGoneAtOnce) stop.abort();
        },
        intervalMs: 60_000,
        draining: drain.signal,
        logger: silentLogger,
      },
      stop.signal,
    );

    await withDeadline("the last announcement", 10_000, announcing);

    expect(announced).toEqual([false, true]);
  }
});
