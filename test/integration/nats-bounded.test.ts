import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { verifyRun } from "../../coordinator/index.ts";
import { dispositionOf, withDeadline } from "../../core/index.ts";
import {
  createLedgerLog,
  createRolloutStore,
  createRunStreams,
  type NatsLink,
} from "../../transport/index.ts";
import { type CoordinatedRun, openCoordinatedRun } from "../support/coordinated-run.ts";
import { openTestNats } from "../support/nats.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker, type PulledTask, type ScriptedWorker } from "../support/scripted-worker.ts";

const MIB = 2 ** 20;
const KIB = 2 ** 10;
const STREAMS = { lanes: ["train"], variants: ["base"], ackWaitMs: 2_000, presenceTtlMs: 5_000 };
const RETRY_MS = 50;

describe("copies of the streams", () => {
  it("are refused in one sentence where nats-server is a single one", async () => {
    await using run = await openCoordinatedRun({ storage: { replicas: 3 } });

    await expect(run.start()).rejects.toThrow(
      "storage.replicas is 3, and nats-server fleet-test is a single one: put 1, or let at least 3 servers be a cluster",
    );
  });
});

describe("a bound on the rollouts in nats-server", { timeout: 60_000 }, () => {
  it("may change between two starts; one below what is stored loses nothing and takes nothing more", async () => {
    await using nats = await openTestNats({ streams: { rolloutsMiB: 4 } });
    const link = await nats.link("coordinator");
    const rollouts = createRolloutStore(link, nats.run);
    for (let i = 0; i < 5; i++) await rollouts.put(Buffer.alloc(MIB / 2, i), `r${i}`);

    await createRunStreams(link, nats.run, { ...STREAMS, rolloutsMiB: 1 });

    expect(await storedIn(link)).toMatchObject({ messages: 5, maxBytes: MIB });
    await expect(rollouts.put(Buffer.alloc(1), "more")).rejects.toMatchObject({
      code: "transport.storage_full",
    });
    await createRunStreams(link, nats.run, { ...STREAMS, rolloutsMiB: null });
    expect(await storedIn(link)).toMatchObject({ messages: 5, maxBytes: -1 });
    await rollouts.put(Buffer.alloc(1), "more");
  });

  it("makes workers wait while the archive makes room: the run ends, its books balance, nothing is lost", async () => {
    await using run = await openCoordinatedRun({
      steps: 8,
      batch: { prompts: 2, group: 2, staleness: 1 },
      storage: { rolloutsMiB: 2 },
    });
    const coordinator = await run.start();
    const link = await run.nats.link("coordinator");
    const peace = new AbortController();
    await using trainer = await openScriptedTrainer(run);

    const working = serveLarge(run, peace.signal, 180 * KIB);
    const stored: number[] = [];
    for (let batch = await trainer.next(); batch !== null; batch = await trainer.next()) {
      stored.push((await storedIn(link)).bytes);
      await trainer.publish(batch.step);
    }
    await withDeadline("the run to end", 30_000, coordinator.ended);
    peace.abort();

    expect(await working).toBeGreaterThan(0);
    expect(stored).toHaveLength(8);
    expect(Math.max(...stored)).toBeLessThanOrEqual(2 * MIB);
    expect((await verified(run, link)).discrepancies).toEqual([]);
    expect((await verified(run, link)).archivedRollouts).toBe(Number(await acceptedIn(run)));
  });

  it("frees what lies behind a group that is not complete yet", async () => {
    await using run = await openCoordinatedRun({
      steps: 3,
      batch: { prompts: 1, group: 2, staleness: 4 },
      storage: { rolloutsMiB: 1 },
    });
    await run.start();
    const link = await run.nats.link("coordinator");
    const patience = new AbortController();
    await using worker = await openScriptedWorker(run, "w1");
    await using courier = await openCourier(run, patience.signal);
    await using trainer = await openScriptedTrainer(run);
    const slow = await worker.work();
    await courier.give(slow, 0, 180 * KIB);

    for (let step = 1; step <= 2; step++) {
      const pulled = await worker.work();
      await courier.give(pulled, 0, 180 * KIB);
      await courier.give(pulled, 1, 180 * KIB);
      pulled.ack();
      await trainer.next();
      await trainer.publish(step);
    }
    expect(courier.refused).toBe(0);
    await withDeadline("the slow group's last sample", 20_000, courier.give(slow, 1, 300 * KIB));

    expect(courier.refused).toBeGreaterThan(0);
    expect((await trainer.next())?.step).toBe(3);
    expect((await storedIn(link)).bytes).toBeLessThanOrEqual(MIB);
  });

  it("that holds no batch is said in one sentence; with a larger one the run goes on where it was", async () => {
    await using run = await openCoordinatedRun({
      steps: 1,
      ackWaitMs: 4_000,
      batch: { prompts: 2, group: 4, staleness: 0 },
      storage: { rolloutsMiB: 1 },
    });
    const first = await run.start();
    first.ended.catch(() => {});
    await using worker = await openScriptedWorker(run, "w1");
    const text = "x".repeat(180 * KIB);
    const filling = async () => {
      for (let task = 0; task < 2; task++) {
        const { granted, ...pulled } = await worker.work();
        for (const { sample } of granted.samples)
          await worker.finish(pulled, granted, sample, { reward: sample % 2, text });
      }
    };

    await expect(filling()).rejects.toMatchObject({ code: "transport.storage_full" });
    await expect(withDeadline("the run to fail", 30_000, first.ended)).rejects.toThrow(
      "storage.rolloutsMiB 1 is too small: 5 rollouts fill it before step 1 has its batch; raise it, or put null, and go on with fleet train --resume",
    );

    const second = await run.start({
      resume: true,
      storage: { replicas: 1, rolloutsMiB: 8, archiveMiB: null },
    });
    await using trainer = await openScriptedTrainer(run);
    const end = new AbortController();
    const serving = serveLarge(run, end.signal, 180 * KIB);
    await trainer.trainAll();
    await withDeadline("the run to end", 20_000, second.ended);
    end.abort();
    await serving;
    expect((await verified(run, await run.nats.link("coordinator"))).discrepancies).toEqual([]);
  });
});

/** Hands samples over; what is refused is handed over again until it is not. A refusal ends the stream that it came on. */
interface Courier extends AsyncDisposable {
  /** Hands over a sample with a text of so many bytes. */
  give(pulled: PulledTask & { readonly granted: Granted }, sample: number, bytes: number): Promise<void>;
  readonly refused: number;
}

type Granted = NonNullable<Awaited<ReturnType<ScriptedWorker["lease"]>>["granted"]>;

async function openCourier(run: CoordinatedRun, signal: AbortSignal): Promise<Courier> {
  let worker = await openScriptedWorker(run, "w1");
  let refused = 0;
  return {
    get refused() {
      return refused;
    },
    give: async (pulled, sample, bytes) => {
      const text = "x".repeat(bytes);
      while (!signal.aborted) {
        const finishing = worker.finish(pulled, pulled.granted, sample, { reward: sample % 2, text });
        if (await isTaken(finishing)) return;
        refused += 1;
        await worker[Symbol.asyncDispose]();
        await pause(RETRY_MS);
        worker = await openScriptedWorker(run, "w1");
      }
    },
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

async function isTaken(finishing: Promise<unknown>): Promise<boolean> {
  try {
    await finishing;
    return true;
  } catch (error) {
    if (dispositionOf(error) !== "retry") throw error;
    return false;
  }
}

/** Makes whatever comes until `signal` aborts, each sample with a text of so many bytes; resolves with the refusals. */
async function serveLarge(run: CoordinatedRun, signal: AbortSignal, bytes: number): Promise<number> {
  await using worker = await openScriptedWorker(run, "w1");
  await using courier = await openCourier(run, signal);
  while (!signal.aborted) {
    const pulled = await worker.pullUntil(signal);
    if (pulled === null) break;
    const { granted, held } = await worker.lease(pulled.address);
    if (held) pulled.nak(held.retryInMs);
    if (granted)
      for (const { sample } of granted.samples) await courier.give({ ...pulled, granted }, sample, bytes);
    if (!held) pulled.ack();
  }
  return courier.refused;
}

async function storedIn(link: NatsLink) {
  const { config, state } = await link.manager.streams.info("ROLLOUTS_test");
  return { messages: state.messages, bytes: state.bytes, maxBytes: config.max_bytes };
}

function verified(run: CoordinatedRun, link: NatsLink) {
  const parts = { log: createLedgerLog(link, run.run), rollouts: createRolloutStore(link, run.run) };
  return verifyRun({ ...parts, archive: run.archive, status: null });
}

async function acceptedIn(run: CoordinatedRun) {
  return (await run.summary()).ledger[0]?.accepted;
}
