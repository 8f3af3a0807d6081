import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { DeadlineError } from "../../core/index.ts";
import {
  createLedgerLog,
  createPresence,
  createRolloutStore,
  createRunStreams,
  createTaskPublisher,
  LinkLostError,
  openAdapterStore,
  openInstanceStore,
  openPolicyPointer,
  openTaskQueue,
  StorageFullError,
  StreamConfigError,
  StreamMissingError,
  taskAddress,
  type WorkerPresence,
  WrongLastSequenceError,
} from "../../transport/index.ts";
import { openTestNats, type TestNats } from "../support/nats.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const never = new AbortController().signal;

describe("the ledger", () => {
  test("is appended to in one order and read again from any message", async () => {
    await using nats = await openTestNats();
    const ledger = createLedgerLog(await nats.link("coordinator"), nats.run);
    expect(await ledger.lastSequence()).toBe(0);

    for (const [index, event] of ["a", "b", "c"].entries()) {
      expect(await ledger.append(bytes(event), index)).toBe(index + 1);
    }

    expect(await collected(ledger.read(1))).toEqual(["1:a", "2:b", "3:c"]);
    expect(await collected(ledger.read(3))).toEqual(["3:c"]);
    expect(await collected(ledger.read(4))).toEqual([]);
  });

  test("refuses the append of a writer that does not know its last message", async () => {
    await using nats = await openTestNats();
    const first = createLedgerLog(await nats.link("coordinator"), nats.run);
    const second = createLedgerLog(await nats.link("coordinator"), nats.run);
    await first.append(bytes("first's"), 0);

    const late = second.append(bytes("second's"), 0);

    await expect(late).rejects.toThrow(WrongLastSequenceError);
    await expect(late).rejects.toMatchObject({ code: "transport.fenced", disposition: "fatal" });
    expect(await collected(first.read(1))).toEqual(["1:first's"]);
  });

  test("stops with a sentence of its own when there is no room left", async () => {
    await using nats = await openTestNats({ streams: false });
    const link = await nats.link("coordinator");
    const subjects = ["ledger.test"];
    await link.manager.streams.add({ name: "LEDGER_test", subjects, discard: "new", max_bytes: 1_000 });
    const ledger = createLedgerLog(link, nats.run);
    await ledger.append(new Uint8Array(700), 0);

    const append = ledger.append(new Uint8Array(700), 1);

    await expect(append).rejects.toThrow(StorageFullError);
    await expect(append).rejects.toThrow("an append to the ledger: maximum bytes exceeded");
  });

  test("keeps every acknowledged message when the server is killed", async () => {
    await using nats = await openTestNats();
    const ledger = createLedgerLog(await nats.link("coordinator"), nats.run);
    for (let last = 0; last < 50; last++) await ledger.append(bytes(String(last)), last);

    await nats.kill();
    await nats.restart();

    const started = performance.now();
    expect(await ledger.lastSequence().catch(() => ledger.lastSequence())).toBe(50);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await collected(ledger.read(1))).toHaveLength(50);
  });

  test("says so when the stream was deleted", async () => {
    await using nats = await openTestNats({ streams: false });
    const ledger = createLedgerLog(await nats.link("coordinator"), nats.run);

    await expect(ledger.lastSequence()).rejects.toThrow(StreamMissingError);
    await expect(collected(ledger.read(1))).rejects.toThrow(StreamMissingError);
  });

  test("waits no longer than its deadline, by name, while the server is away", async () => {
    await using nats = await openTestNats();
    const ledger = createLedgerLog(await nats.link("coordinator"), nats.run);
    await nats.kill();

    const failure = await ledger.append(bytes("x"), 0).catch((error: unknown) => error);
    await nats.restart();

    expect(failure).toBeInstanceOf(DeadlineError);
    expect((failure as Error).message).toBe(
      "waited 10000 ms for a connection to nats-server, for an append to the ledger",
    );
  });

  test("does not wait for an answer that cannot come because the server died", async () => {
    await using nats = await openTestNats();
    const ledger = createLedgerLog(await nats.link("coordinator"), nats.run);
    await ledger.append(bytes("a"), 0);
    process.kill(nats.pid, "SIGSTOP");
    const appending = ledger.append(bytes("b"), 1).catch((error: unknown) => error);

    await nats.kill();
    await nats.restart();

    expect(await appending).toBeInstanceOf(LinkLostError);
    expect(await collected(ledger.read(1))).toEqual(["1:a"]);
  });

  test("is read fast enough to start again from it", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    const ledger = createLedgerLog(link, nats.run);
    await fill(link, nats.run, 2_000);
    const started = performance.now();

    const messages = await collected(ledger.read(1));

    expect(messages).toHaveLength(2_000);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

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

describe("tasks", () => {
  test("reach one worker each, with their trace context, and leave the queue when acknowledged", async () => {
    await using nats = await openTestNats();
    const { publisher, pullers } = await queues(nats, 2);
    await publisher.publish(task("a"), bytes("A"), "00-01-02-01");
    await publisher.publish(task("b"), bytes("B"));

    const taken = await Promise.all(pullers.map((queue) => queue.pull(5_000, never)));

    expect(taken.map((delivery) => text(delivery?.data ?? new Uint8Array())).sort()).toEqual(["A", "B"]);
    expect(taken.map((delivery) => delivery?.traceparent).sort()).toEqual(["", "00-01-02-01"]);
    expect(await publisher.list()).toHaveLength(2);
    for (const delivery of taken) delivery?.ack();
    await expect.poll(() => publisher.list()).toEqual([]);
    expect(taskAddress(taken[0]?.subject ?? "")).toMatchObject({
      lane: "train",
      variant: "base",
      dispatch: 0,
    });
  });

  test("are delivered again after a nak at once, and after the wait when nothing is heard", async () => {
    await using nats = await openTestNats({ streams: { ackWaitMs: 1_000 } });
    const { publisher, pullers } = await queues(nats, 1);
    const [queue] = pullers;
    await publisher.publish(task("a"), bytes("A"));

    (await queue?.pull(2_000, never))?.nak();
    const second = await queue?.pull(500, never);
    await sleep(600);
    second?.working();
    const tooEarly = await queue?.pull(600, never);
    const third = await queue?.pull(2_000, never);

    expect(second).not.toBeNull();
    expect(tooEarly).toBeNull();
    expect(text(third?.data ?? new Uint8Array())).toBe("A");
  });

  test("of every lane are waited for at once", async () => {
    await using nats = await openTestNats();
    const { publisher, pullers } = await queues(nats, 1);
    const waiting = pullers[0]?.pull(5_000, never);
    await sleep(100);

    await publisher.publish({ ...task("e"), lane: "eval" }, bytes("E"));
    const started = performance.now();
    const delivery = await waiting;

    expect(delivery?.subject).toBe("tasks.test.eval.base.e.0");
    expect(performance.now() - started).toBeLessThan(500);
  });

  test("that come when nobody waits any more go to another worker at once", async () => {
    await using nats = await openTestNats({ streams: { ackWaitMs: 60_000 } });
    const { publisher, pullers } = await queues(nats, 2);
    const [leaving, staying] = pullers;
    const stop = new AbortController();
    const left = leaving?.pull(30_000, stop.signal);
    await sleep(100);
    stop.abort();
    expect(await left).toBeNull();

    await publisher.publish(task("a"), bytes("A"));
    const delivery = await staying?.pull(3_000, never);

    expect(delivery).not.toBeNull();
  });

  test("are published once for each dispatch", async () => {
    await using nats = await openTestNats();
    const { publisher } = await queues(nats, 0);

    await publisher.publish(task("a"), bytes("A"));
    await publisher.publish(task("a"), bytes("A"));
    await publisher.publish({ ...task("a"), dispatch: 1 }, bytes("A"));

    expect((await publisher.list()).map(({ dispatch }) => dispatch).sort()).toEqual([0, 1]);
  });

  test("with a name that cannot be part of a subject are refused", async () => {
    await using nats = await openTestNats();
    const { publisher } = await queues(nats, 0);

    await expect(publisher.publish(task("a.b"), bytes("A"))).rejects.toThrow(
      '"a.b" cannot be part of a subject',
    );
  });

  test("go on after the server was killed and started again", async () => {
    await using nats = await openTestNats();
    const { publisher, pullers } = await queues(nats, 1);
    const waiting = pullers[0]?.pull(25_000, never);
    await sleep(100);

    await nats.kill();
    await nats.restart();
    const publish = () => publisher.publish(task("a"), bytes("A"));
    await publish().catch(publish);

    expect(text((await waiting)?.data ?? new Uint8Array())).toBe("A");
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
    await store.put(sha256(good), good);

    await expect(store.put(sha256(good), bytes("other"))).rejects.toMatchObject({
      code: "transport.corrupt_object",
    });
    await store.delete(sha256(good));
    await store.delete(sha256(good));

    await expect(store.get(sha256(good))).rejects.toMatchObject({ code: "transport.object_missing" });
    expect(await store.list()).toEqual([]);
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

describe("a run's streams", () => {
  const options = { lanes: ["train"], variants: ["base"], ackWaitMs: 1_000, presenceTtlMs: 5_000 };

  test("can be made again, with another wait", async () => {
    await using nats = await openTestNats({ streams: options });
    const link = await nats.link("coordinator");

    await createRunStreams(link, nats.run, options);
    await createRunStreams(link, nats.run, { ...options, ackWaitMs: 2_000 });
  });

  test("that are not as asked are refused by the name of the setting", async () => {
    await using nats = await openTestNats({ streams: false });
    const link = await nats.link("coordinator");
    await link.manager.streams.add({ name: "LEDGER_test", subjects: ["ledger.test"], discard: "new" });

    await expect(createRunStreams(link, nats.run, options)).rejects.toThrow(
      new StreamConfigError("stream LEDGER_test has deny_delete false where true was asked for"),
    );
  });

  test("need a run id that can be part of their names", async () => {
    await using nats = await openTestNats({ streams: false });
    const link = await nats.link("coordinator");

    await expect(createRunStreams(link, "Other Run", options)).rejects.toThrow('"Other Run" is not a run id');
  });
});

function task(name: string) {
  return { lane: "train", variant: "base", task: name, dispatch: 0 };
}

function presence(name: string, policyVersion: number): WorkerPresence {
  const fixed = { device: "cpu", modelDigest: "ab", quantization: "Q8_0", variant: "base", slots: 8 };
  return { ...fixed, name, policyVersion, busySlots: 0, tokensPerSecond: 1 };
}

async function queues(nats: TestNats, count: number) {
  const publisher = createTaskPublisher(await nats.link("coordinator"), nats.run);
  const lanes = { lanes: ["train", "eval"], variant: "base" };
  const open = async () => openTaskQueue(await nats.link("worker"), nats.run, lanes);
  return { publisher, pullers: await Promise.all(Array.from({ length: count }, open)) };
}

async function fill(link: Awaited<ReturnType<TestNats["link"]>>, run: string, count: number): Promise<void> {
  const batch = 200;
  for (let sent = 0; sent < count; sent += batch) {
    await Promise.all(
      Array.from({ length: batch }, () => link.stream.publish(`ledger.${run}`, new Uint8Array(300))),
    );
  }
}

async function collected(messages: AsyncIterable<{ sequence: number; data: Uint8Array }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { sequence, data } of messages) all.push(`${sequence}:${text(data)}`);
  return all;
}

async function sequences(messages: AsyncIterable<{ sequence: number }>): Promise<number[]> {
  const all: number[] = [];
  for await (const { sequence } of messages) all.push(sequence);
  return all;
}
