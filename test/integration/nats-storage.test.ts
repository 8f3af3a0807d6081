import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openLedger } from "../../coordinator/index.ts";
import { systemClock, withDeadline } from "../../core/index.ts";
import { assertSynchronous, createLedgerLog, openNats, readStorage } from "../../transport/index.ts";
import { linkOptions, openBareServer, untilAnswers, userLines } from "../support/bare-server.ts";
import { openTestNats } from "../support/nats.ts";

const MIB = 2 ** 20;
const KILLS = 4;
const DECISIONS_A_LIFE = 60;
const KILLED_AFTER = 20;

describe("nats-server's storage", () => {
  it("is reported by the server itself: synchronous, how full, and where", async () => {
    await using nats = await openTestNats({ storeBytes: 64 * MIB });
    const link = await nats.link("coordinator");
    await createLedgerLog(link, nats.run).append(new Uint8Array(MIB), 0);

    const [report, ...others] = await readStorage(link);

    expect(others).toEqual([]);
    expect(report).toMatchObject({ server: "fleet-test", isSynchronous: true, limitBytes: 64 * MIB });
    expect(report?.folder).toContain(nats.folder);
    expect(report?.usedBytes).toBeGreaterThan(MIB);
    expect(await assertSynchronous(link)).toBeNull();
  });

  it("is refused by name when a message is acknowledged before it is on the disk", async () => {
    await using server = await openBareServer(
      "lazy",
      (folder) => `jetstream { store_dir: "${folder}" }\n${userLines(true)}`,
    );
    await untilAnswers(server);
    await using link = await openNats(linkOptions(server.url));

    await expect(assertSynchronous(link)).rejects.toThrow(
      'nats-server lazy acknowledges messages before they are on the disk: set "sync_interval: always" in its jetstream section',
    );
  });

  it("is warned of where the server does not let the coordinator ask", async () => {
    await using server = await openBareServer(
      "silent",
      (folder) => `jetstream { store_dir: "${folder}", sync_interval: always }\n${userLines(false)}`,
    );
    await untilAnswers(server);
    await using link = await openNats(linkOptions(server.url));

    expect(await assertSynchronous(link)).toContain("does not say whether its storage is synchronous");
  });

  it("may grow by nine tenths of what the disk has, whatever it holds already", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    await createLedgerLog(link, nats.run).append(new Uint8Array(4 * MIB), 0);
    const [before] = await readStorage(link);

    await nats.kill();
    await nats.restart();

    const [after] = await readStorage(await nats.link("coordinator"));
    const roomBefore = Number(before?.limitBytes);
    expect(Number(after?.limitBytes)).toBeGreaterThan(roomBefore * 0.9);
    expect(after?.usedBytes).toBe(before?.usedBytes);
  });
});

/*
 * SIGKILL does not test fsync: the page cache survives it. That the server syncs is its own report, above; that a disk
 * keeps what it was told to sync is not tested.
 */
describe("a ledger whose nats-server is killed while it is written", { timeout: 60_000 }, () => {
  it("has every decision that was durable when it is replayed, each once and in order, and takes the next ones", async () => {
    await using nats = await openTestNats();
    const link = await nats.link("coordinator");
    const ledger = await openLedger(createLedgerLog(link, nats.run), systemClock);
    await ledger.decide(STARTED);
    let decided = 0;
    let durable = 0;

    for (let life = 1; life <= KILLS; life++) {
      const enough = Promise.withResolvers<void>();
      const decisions: Promise<void>[] = [];
      const onDurable = () => {
        durable += 1;
        if (durable >= decidedBefore(life) + KILLED_AFTER) enough.resolve();
      };
      const writing = (async () => {
        for (let i = 0; i < DECISIONS_A_LIFE; i++) {
          decided += 1;
          decisions.push(ledger.decide({ type: "opened", epoch: decided }).then(onDurable));
          await turn();
        }
      })();
      await withDeadline("some decisions to be durable", 20_000, enough.promise);
      const acknowledged = durable;
      await nats.kill();
      await nats.restart();
      const reader = createLedgerLog(await nats.link("coordinator"), nats.run);
      expect((await openLedger(reader, systemClock)).state.epoch).toBeGreaterThanOrEqual(acknowledged);
      await writing;
      await withDeadline("the rest to be durable", 30_000, Promise.all(decisions));
    }

    const epochs: number[] = [];
    for await (const { data } of createLedgerLog(link, nats.run).read(1)) {
      for (const event of JSON.parse(Buffer.from(data).toString())) epochs.push(event.epoch ?? 0);
    }
    expect(epochs).toEqual(Array.from({ length: KILLS * DECISIONS_A_LIFE + 1 }, (_, i) => i));
    expect(durable).toBe(KILLS * DECISIONS_A_LIFE);
  });
});

const decidedBefore = (life: number) => (life - 1) * DECISIONS_A_LIFE;

const STARTED = {
  type: "run_started" as const,
  schema: 1,
  run: "test",
  base: "b0",
  settings: {
    seed: 0,
    steps: 1,
    prompts: 1,
    group: 2,
    temperature: 1,
    staleness: 1,
    refillAtMost: 1,
    evalTasks: 0,
    evalEvery: 0,
    evalTemperatures: [],
  },
};
