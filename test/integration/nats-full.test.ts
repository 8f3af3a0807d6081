import { describe, expect, it } from "vitest";
import { openLedger } from "../../coordinator/index.ts";
import { systemClock, withDeadline } from "../../core/index.ts";
import { createLedgerLog, createRolloutStore, encodeRollout, openNats } from "../../transport/index.ts";
import { linkOptions, openBareServer, untilAnswers, userLines } from "../support/bare-server.ts";
import { type CoordinatedRun, openCoordinatedRun } from "../support/coordinated-run.ts";
import { SETTINGS } from "../support/ledger-history.ts";
import { openTestNats } from "../support/nats.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";

const MIB = 2 ** 20;

describe("a nats-server that is full", { timeout: 60_000 }, () => {
  it("is named: what was to be stored, where, how full it is and what would help", async () => {
    await using nats = await openTestNats({ storeBytes: 3 * MIB });
    const rollouts = createRolloutStore(await nats.link("coordinator"), nats.run);

    const refused = fill((bytes, i) => rollouts.put(bytes, `r${i}`));

    await expect(refused).rejects.toMatchObject({ code: "transport.storage_full", disposition: "retry" });
    await expect(refused).rejects.toThrow(
      /^nats-server has no room for a rollout: fleet-test holds [23]\.\d of the 3\.0 MiB that its max_file_store allows, in .*: make room on that disk or allow more, and start it again$/,
    );
  });

  it("is told from a stream that has reached a limit of its own", async () => {
    await using server = await openBareServer(
      "bare",
      (folder) => `jetstream { store_dir: "${folder}" }\n${userLines(true)}`,
    );
    await untilAnswers(server);
    await using link = await openNats(linkOptions(server.url));
    const limits = { discard: "new", max_bytes: 2 * MIB, max_msg_size: MIB } as const;
    await link.manager.streams.add({ name: "ROLLOUTS_test", subjects: ["rollouts.test"], ...limits });
    const rollouts = createRolloutStore(link, "test");

    const refused = fill((bytes, i) => rollouts.put(bytes, `r${i}`));

    await expect(refused).rejects.toThrow(
      "nats-server has no room for a rollout: stream ROLLOUTS_test holds 1.5 of the 2.0 MiB that its max_bytes allows: raise storage.rolloutsMiB",
    );
  });

  it("makes the ledger wait and say why; it ends in one sentence, and goes on where it was once there is room", async () => {
    await using nats = await openTestNats({ storeBytes: 3 * MIB });
    const link = await nats.link("coordinator");
    const log = createLedgerLog(link, nats.run);
    const troubles: (string | null)[] = [];
    const options = { giveUpMs: 1_500, onTrouble: (why: string | null) => void troubles.push(why) };
    const ledger = await openLedger(log, systemClock, options);
    await ledger.decide({ type: "run_started", schema: 1, run: "test", base: "b0", settings: SETTINGS });
    const rollouts = createRolloutStore(link, nats.run);
    await fill((bytes, i) => rollouts.put(bytes, `r${i}`)).catch(() => {});
    await fill((bytes, i) => rollouts.put(bytes.subarray(0, 1_000), `s${i}`)).catch(() => {});

    const deciding = ledger.decide({ type: "opened", epoch: 1 });

    await expect(deciding).rejects.toMatchObject({ code: "coordinator.ledger_unwritable" });
    await expect(ledger.failed).rejects.toThrow(
      /^the ledger could not be written for 1\.5 s: nats-server has no room for the ledger: fleet-test holds 3\.0 of the 3\.0 MiB/,
    );
    expect(troubles).toEqual([expect.stringContaining("no room for the ledger")]);
    await nats.kill();
    await nats.restart(8 * MIB);
    const again = await openLedger(createLedgerLog(await nats.link("coordinator"), nats.run), systemClock);
    expect(again.state.epoch).toBe(0);
    await again.decide({ type: "opened", epoch: 1 });
    expect(await log.lastSequence()).toBe(2);
  });

  it("makes a run wait and say so; continued with more room, it ends and its books balance", async () => {
    await using run = await openCoordinatedRun({ steps: 2, storeBytes: 3 * MIB });
    const first = await run.start();
    await using worker = await openScriptedWorker(run, "w1");
    const pulled = await worker.work();
    const rollouts = createRolloutStore(await run.nats.link("coordinator"), run.run);
    await fill((bytes, i) => rollouts.put(orphan(bytes), `orphan${i}`)).catch(() => {});

    const finishing = worker.finish(pulled, pulled.granted, 0);

    await expect(finishing).rejects.toMatchObject({ code: "transport.storage_full", disposition: "retry" });
    const { waitingFor, balances } = await run.client("cli").status();
    expect(waitingFor).toMatch(
      /^a rollout to be stored: nats-server has no room for a rollout: fleet-test holds/,
    );
    expect(balances[0]).toMatchObject({ accepted: 0, rejected: 0 });
    await first.stop();
    await run.nats.kill();
    await run.nats.restart(64 * MIB);
    const second = await run.start({ resume: true });
    await finishRun(run);
    await withDeadline("the run to end", 20_000, second.ended);
    const books = (await run.summary()).ledger[0];
    expect(books).toMatchObject({ outstanding: 0, waiting: 0, trained: 8 });
    expect(books?.issued).toBe(Number(books?.accepted) + Number(books?.rejected) + Number(books?.expired));
  });
});

/** Stores half a MiB after the other until it is refused. */
async function fill(store: (bytes: Uint8Array, i: number) => Promise<unknown>): Promise<never> {
  for (let i = 0; ; i++) await store(Buffer.alloc(MIB / 2, i), i);
}

/** A rollout that the ledger knows nothing of, as large as `bytes`. */
function orphan({ byteLength }: Uint8Array): Uint8Array {
  return encodeRollout({ run: "test", task: "t0", completion: { text: "x".repeat(byteLength) } });
}

async function finishRun(run: CoordinatedRun): Promise<void> {
  const peace = new AbortController();
  await using worker = await openScriptedWorker(run, "w2");
  await using trainer = await openScriptedTrainer(run);
  const working = worker.serve(peace.signal, (_, sample) => sample % 2);
  await trainer.trainAll();
  peace.abort();
  await working;
}
