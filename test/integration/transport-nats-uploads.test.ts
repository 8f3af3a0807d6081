import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { DeadlineError } from "../../core/index.ts";
import { type NatsLink, openAdapterStore, openNats } from "../../transport/index.ts";
import { openTestNats, type TestNats } from "../support/nats.ts";
import { openProxy } from "../support/proxy.ts";

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const HOUR_MS = 3_600_000;

describe("an adapter that is stored while it arrives", () => {
  test("in pieces of any size is read whole, at once and as it arrives", async () => {
    await using nats = await openTestNats();
    const store = await openAdapterStore(await nats.link("coordinator"), nats.run);
    const reader = await openAdapterStore(await nats.link("worker"), nats.run);
    const adapter = randomBytes(5_000_000);
    const digest = sha256(adapter);

    await store.put(digest, inPieces(adapter, [1, 700_000, 0, 1_048_576, 3_000_000, 64_000]));

    expect(adapter.equals(await reader.get(digest))).toBe(true);
    expect(adapter.equals(Buffer.concat(await Array.fromAsync(reader.read(digest))))).toBe(true);
  });

  test("is not asked for when it is there", async () => {
    await using nats = await openTestNats();
    const store = await openAdapterStore(await nats.link("coordinator"), nats.run);
    const adapter = randomBytes(1_000);
    await store.put(sha256(adapter), adapter);

    await expect(store.put(sha256(adapter), cutShort(adapter))).resolves.toBeUndefined();
  });

  test("with another digest than it should have leaves nothing behind", async () => {
    await using nats = await openTestNats();
    const store = await openAdapterStore(await nats.link("coordinator"), nats.run);
    const adapter = randomBytes(3_000_000);
    const digest = sha256(randomBytes(10));

    await expect(store.put(digest, inPieces(adapter, [1_000_000]))).rejects.toMatchObject({
      code: "transport.corrupt_object",
      disposition: "retry",
    });

    expect(await store.has(digest)).toBe(false);
    expect(await messagesOf(nats)).toBe(0);
  });

  test("and ends too early leaves nothing behind, and is stored when it comes again", async () => {
    await using nats = await openTestNats();
    const store = await openAdapterStore(await nats.link("coordinator"), nats.run);
    const adapter = randomBytes(3_000_000);
    const digest = sha256(adapter);

    await expect(store.put(digest, cutShort(adapter))).rejects.toThrow("cut short");
    const left = await messagesOf(nats);
    await store.put(digest, adapter);

    expect(left).toBe(0);
    expect(adapter.equals(await store.get(digest))).toBe(true);
  });

  test("over a link that is cut in the middle and slow is stored at the next try, and the rest is swept", async () => {
    await using nats = await openTestNats();
    await using proxy = await openProxy(Number(new URL(nats.url).port));
    const { coordinator } = nats.secrets.users;
    await using link = await openNats({
      url: `nats://127.0.0.1:${proxy.port}`,
      ...coordinator,
      name: "uploads",
    });
    const store = await openAdapterStore(link, nats.run);
    const adapter = randomBytes(12_000_000);
    const digest = sha256(adapter);

    proxy.resetAfter(4_000_000);
    await expect(store.put(digest, adapter)).rejects.toMatchObject({ disposition: "retry" });
    proxy.heal();
    proxy.throttle(8_000_000);
    await store.put(digest, adapter);
    proxy.heal();
    await store.sweep(0);

    expect(adapter.equals(await store.get(digest))).toBe(true);
    expect(await messagesOf(nats)).toBe(Math.ceil(adapter.byteLength / 2 ** 20) + 1);
  });

  test("whose last acknowledgement is lost is there, whole, for the next try", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    const adapter = randomBytes(3_000_000);
    const digest = sha256(adapter);

    const put = (await openAdapterStore(losingDescriptions(link), nats.run)).put(digest, adapter);
    await expect(put).rejects.toThrow("the acknowledgement is lost");

    const store = await openAdapterStore(link, nats.run);
    await store.put(digest, cutShort(adapter));
    expect(adapter.equals(await store.get(digest))).toBe(true);
  });

  test("by one that crashed in the middle is swept once it has not gone on for long enough", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    const store = await openAdapterStore(link, nats.run);
    const adapter = randomBytes(1_000);
    await store.put(sha256(adapter), adapter);
    await link.stream.publish(`$O.ADAPTERS_${nats.run}.C.crashed`, randomBytes(100));

    await store.sweep(HOUR_MS);
    const young = await messagesOf(nats);
    await store.sweep(0);

    expect([young, await messagesOf(nats)]).toEqual([3, 2]);
    expect(adapter.equals(await store.get(sha256(adapter)))).toBe(true);
  });
});

/** A link on which an object's description is stored, and its acknowledgement never arrives. */
function losingDescriptions(link: NatsLink): NatsLink {
  const publish: NatsLink["stream"]["publish"] = async (subject, ...rest) => {
    const stored = await link.stream.publish(subject, ...rest);
    if (subject.includes(".M.")) throw new DeadlineError("the acknowledgement is lost");
    return stored;
  };
  return Object.create(link, {
    stream: { value: Object.create(link.stream, { publish: { value: publish } }) },
  });
}

/** Messages of all adapters: chunks, and a description of each. */
async function messagesOf(nats: TestNats): Promise<number> {
  const { manager } = await nats.link("coordinator");
  return (await manager.streams.info(`OBJ_ADAPTERS_${nats.run}`)).state.messages;
}

/** The bytes in pieces of these sizes, the last one the rest. */
async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const size of sizes) {
    yield bytes.subarray(from, from + size);
    from += size;
  }
  yield bytes.subarray(from);
}

/** Half of the bytes, and then an error. */
async function* cutShort(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, bytes.byteLength / 2);
  throw new Error("cut short");
}
