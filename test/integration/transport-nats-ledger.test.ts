import { describe, expect, test } from "vitest";
import { DeadlineError } from "../../core/index.ts";
import {
  createLedgerLog,
  LedgerCutError,
  LinkLostError,
  StorageFullError,
  StreamMissingError,
  WrongLastSequenceError,
} from "../../transport/index.ts";
import { openTestNats, type TestNats } from "../support/nats.ts";
import { bytes, text } from "../support/utf8.ts";

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
    await expect(append).rejects.toThrow(
      /^nats-server has no room for the ledger: stream LEDGER_test holds .* MiB that its max_bytes allows: raise that$/,
    );
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
    await expect(collected(ledger.read(1))).rejects.toThrow(LedgerCutError);
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
