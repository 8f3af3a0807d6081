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
