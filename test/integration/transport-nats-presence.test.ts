import { describe, expect, test } from "vitest";
import { createPresence, type WorkerPresence } from "../../transport/index.ts";
import { openTestNats } from "../support/nats.ts";

describe("presence", () => {
  test("lists the workers that announced themselves, until they no longer do", async () => {
    await using nats = await openTestNats({ streams: { presenceTtlMs: 1_500 } });
    const worker = createPresence(await nats.link("worker"), nats.run);
    const coordinator = createPresence(await nats.link("coordinator"), nats.run);
    expect(await coordinator.list()).toEqual([]);

    await worker.announce(presence("w-1", 3));
    await worker.announce(presence("w-0", 1));
    await worker.announce(presence("w-1", 4));

    expect((await coordinator.list()).map(({ name, policyVersion }) => `${name}:${policyVersion}`)).toEqual([
      "w-0:1",
      "w-1:4",
    ]);
    await expect.poll(() => coordinator.list(), { timeout: 8_000 }).toEqual([]);
  });
});

function presence(name: string, policyVersion: number): WorkerPresence {
  const fixed = {
    device: "cpu",
    modelDigest: "ab",
    quantization: "Q8_0",
    variant: "base",
    pool: "",
    slots: 8,
  };
  return { ...fixed, name, policyVersion, busySlots: 0, tokensPerSecond: 1, draining: false, wait: null };
}
