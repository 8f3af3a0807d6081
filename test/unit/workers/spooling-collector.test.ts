import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CollectMessageInit } from "../../../proto/index.ts";
import type { Logger } from "../../../telemetry/index.ts";
import { openCollector, openSpool } from "../../../workers/index.ts";
import { collectPeer } from "../../support/collect-peer.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../../support/temporary-folder.ts";
import { turn } from "../../support/turn.ts";

const ROLLOUT_BYTES = 1_000;

let temporary: TemporaryFolder;
let folder: string;
beforeEach(async () => {
  temporary = await openTemporaryFolder();
  folder = temporary.file("w1");
});
afterEach(() => temporary[Symbol.asyncDispose]());

describe("a collector with a spool", () => {
  it("keeps what memory may not hold on disk, delivers all in order and leaves nothing there", async () => {
    const peer = collectPeer();
    await using collector = await openWith(peer, { memoryBytes: 2 * ROLLOUT_BYTES });

    const answers = [0, 1, 2, 3].map((sample) => collector.deliver(finished(sample)));
    await expect.poll(filesIn).toBe(2);
    expect(collector.heldBytes).toBe(2 * ROLLOUT_BYTES);
    peer.comeBack();
    const stream = await peer.stream(0);
    await stream.received(4);
    for (const sample of [0, 1, 2, 3]) stream.accept("t1", sample);

    expect((await Promise.all(answers)).map(({ sample }) => sample)).toEqual([0, 1, 2, 3]);
    expect(stream.messages.map(sampleOf)).toEqual([0, 1, 2, 3]);
    expect(collector.heldBytes).toBe(0);
    await expect.poll(filesIn).toBe(0);
  });

  it("sends what is on disk again when the stream breaks before the answer", async () => {
    const peer = collectPeer();
    await using collector = await openWith(peer, { memoryBytes: 0 });
    const answer = collector.deliver(finished(5));
    await expect.poll(filesIn).toBe(1);

    peer.comeBack();
    const first = await peer.stream(0);
    await first.received(1);
    first.break(new Error("connection reset"));
    const second = await peer.stream(1);
    await second.received(1);
    second.accept("t1", 5);

    expect(await answer).toMatchObject({ sample: 5, outcome: "OUTCOME_ACCEPTED" });
    expect(second.messages.map(sampleOf)).toEqual([5]);
  });

  it("does not hold in memory what is on disk", async () => {
    const peer = collectPeer();
    await using collector = await openWith(peer, { memoryBytes: 0 });
    const messages: WeakRef<object>[] = [];
    const deliver = () => {
      const message = finished(0);
      messages.push(new WeakRef(message.message.finished.rollout));
      collector.deliver(message).catch(() => {});
    };

    deliver();
    await expect.poll(filesIn).toBe(1);
    await expect.poll(() => collector.heldBytes).toBe(0);

    await expect.poll(() => collectGarbage().then(() => messages[0]?.deref())).toBeUndefined();
  });

  it("holds more than its memory only when the spool is full", async () => {
    const peer = collectPeer();
    await using collector = await openWith(peer, { memoryBytes: 0, bytesAtMost: 2 * ROLLOUT_BYTES });

    for (const sample of [0, 1, 2]) collector.deliver(finished(sample)).catch(() => {});

    await expect.poll(() => collector.heldBytes).toBe(2 * ROLLOUT_BYTES);
    expect(await filesIn()).toBe(1);
  });

  it("leaves what is not acknowledged to the next worker, which delivers it before its own", async () => {
    const first = await openWith(collectPeer(), { memoryBytes: ROLLOUT_BYTES });
    const waiting = [0, 1].map((sample) => first.deliver(finished(sample)).catch(() => {}));
    await first[Symbol.asyncDispose]();
    await Promise.all(waiting);

    const peer = collectPeer();
    await using next = await openWith(peer, { memoryBytes: ROLLOUT_BYTES });
    const own = next.deliver(finished(9));
    peer.comeBack();
    const stream = await peer.stream(0);
    await stream.received(3);
    stream.answer({
      sample: { task: "t1", sample: 0, outcome: "OUTCOME_CLOSED", reason: "", keepTrace: false },
    });
    stream.accept("t1", 1);
    stream.accept("t1", 9);
    await own;

    expect(stream.messages.map(sampleOf).toSorted()).toEqual([0, 1, 9]);
    expect(sampleOf(stream.messages[2])).toBe(9);
    await expect.poll(filesIn).toBe(0);
  });

  it("drops a file that was damaged meanwhile, says so, and delivers the rest", async () => {
    const said: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void said.push(message) };
    const peer = collectPeer();
    await using collector = await openWith(peer, { memoryBytes: 0, logger });
    const lost = collector.deliver(finished(0));
    lost.catch(() => {});
    await expect.poll(filesIn).toBe(1);
    const [name] = await readdir(folder);
    await truncate(join(folder, name ?? ""), 200);
    const kept = collector.deliver(finished(1));

    peer.comeBack();
    const stream = await peer.stream(0);
    await stream.received(1);
    stream.accept("t1", 1);

    await kept;
    await expect(lost).rejects.toMatchObject({ code: "workers.spool_damaged", disposition: "retry" });
    expect(said).toContain("a message of the spool is dropped: its sample is made again");
    await expect.poll(filesIn).toBe(0);
  });
});

async function openWith(
  peer: ReturnType<typeof collectPeer>,
  {
    memoryBytes,
    bytesAtMost = 1_000_000,
    logger = silentLogger,
  }: { memoryBytes: number; bytesAtMost?: number; logger?: Logger },
) {
  const spool = await openSpool({ folder, bytesAtMost, logger });
  return openCollector({
    open: peer.open,
    worker: "w1",
    memoryBytes,
    spool,
    logger,
    onLess: () => {},
  });
}

function finished(sample: number) {
  const rollout = { task: "t1", sample, completion: { tokens: Buffer.alloc(ROLLOUT_BYTES - 20, sample) } };
  return { message: { finished: { lease: "l1", rollout } }, bytes: ROLLOUT_BYTES };
}

function sampleOf(message: CollectMessageInit | undefined): number | undefined {
  return message?.finished?.rollout?.sample;
}

async function filesIn(): Promise<number> {
  return (await readdir(folder)).filter((name) => name.endsWith(".message")).length;
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  await turn();
  (runInNewContext("gc") as () => void)();
}
