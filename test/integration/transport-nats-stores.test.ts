import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  createRolloutStore,
  openAdapterStore,
  openInstanceStore,
  openPolicyPointer,
} from "../../transport/index.ts";
import { openTestNats } from "../support/nats.ts";
import { bytes } from "../support/utf8.ts";

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

describe("rollouts", () => {
  test("are stored under a sequence, once for each id, and purged from the oldest", async () => {
    await using nats = await openTestNats();
    const store = createRolloutStore(await nats.link("coordinator"), nats.run);
    const rollout = randomBytes(200_000);

    const first = await store.put(rollout, "t1/0");
    const again = await store.put(rollout, "t1/0");
    const second = await store.put(bytes("second"), "t1/1");

    expect([first, again, second]).toEqual([1, 1, 2]);
    expect(rollout.equals(await store.get(1))).toBe(true);
    expect(await sequences(store.read(1, 1))).toEqual([1]);
    await store.purgeBelow(2);
    expect(await sequences(store.read(0, 99))).toEqual([2]);
    await expect(store.get(1)).rejects.toMatchObject({ code: "transport.rollout_missing" });
  });

  test("above the limit are refused before they are sent", async () => {
    await using nats = await openTestNats();
    const store = createRolloutStore(await nats.link("coordinator"), nats.run);

    await expect(store.put(new Uint8Array(768 * 1024), "fits")).resolves.toBe(1);
    await expect(store.put(new Uint8Array(768 * 1024 + 1), "not")).rejects.toThrow(
      "at most 786432 are stored",
    );
  });
});

describe("the policy pointer", () => {
  test("is seen by a worker that asks and by one that watches", async () => {
    await using nats = await openTestNats();
    const writer = await openPolicyPointer(await nats.link("coordinator"), nats.run);
    const reader = await openPolicyPointer(await nats.link("worker"), nats.run);
    expect(await reader.get()).toBeNull();
    const stop = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { version } of reader.watch(stop.signal)) seen.push(version);
    })();

    for (const version of [1, 2]) {
      await writer.set({ version, adapter: "aa", base: "bb" });
      await expect.poll(() => seen.at(-1)).toBe(version);
    }
    stop.abort();
    await watching;

    expect(await reader.get()).toEqual({ version: 2, adapter: "aa", base: "bb" });
  });
});

describe("adapters and instances", () => {
  test("of many chunks are read by a worker as they were stored", async () => {
    await using nats = await openTestNats();
    const store = await openAdapterStore(await nats.link("coordinator"), nats.run);
    const reader = await openAdapterStore(await nats.link("worker"), nats.run);
    const adapter = randomBytes(40_000_000);
    const digest = sha256(adapter);

    await store.put(digest, adapter);
    await store.put(digest, adapter);

    expect(adapter.equals(await reader.get(digest))).toBe(true);
    expect(await store.list()).toEqual([digest]);
  });

  test("are never stored under another digest, and never given out once they are gone", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    const store = await openInstanceStore(link, nats.run);
    const good = bytes("reference");

    await expect(store.put(sha256(good), bytes("other"))).rejects.toMatchObject({
      code: "transport.corrupt_object",
    });
    await store.put(sha256(good), good);
    await store.delete(sha256(good));
    await store.delete(sha256(good));

    await expect(store.get(sha256(good))).rejects.toMatchObject({ code: "transport.object_missing" });
    expect(await store.has(sha256(good))).toBe(false);
    expect(await store.list()).toEqual([]);
    const { state } = await link.manager.streams.info(`OBJ_INSTANCES_${nats.run}`);
    expect(state.messages).toBe(0);
  });

  test("that were changed in the store are refused by their digest", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    const store = await openAdapterStore(link, nats.run);
    const good = randomBytes(1_000);
    await store.put(sha256(good), good);
    const info = await link.manager.streams.getMessage(`OBJ_ADAPTERS_${nats.run}`, {
      last_by_subj: `$O.ADAPTERS_${nats.run}.M.>`,
    });
    const evil = randomBytes(1_000);
    const meta = { ...info?.json<Record<string, unknown>>(), nuid: "evil" };
    const digest = `SHA-256=${createHash("sha256").update(evil).digest("base64url")}=`;
    await link.stream.publish(`$O.ADAPTERS_${nats.run}.C.evil`, evil);
    await link.stream.publish(info?.subject ?? "", JSON.stringify({ ...meta, digest }));

    await expect(store.get(sha256(good))).rejects.toMatchObject({ code: "transport.corrupt_object" });
  });
});

async function sequences(messages: AsyncIterable<{ sequence: number }>): Promise<number[]> {
  const all: number[] = [];
  for await (const { sequence } of messages) all.push(sequence);
  return all;
}
