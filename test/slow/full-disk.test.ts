import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { keepNatsServer } from "../../cli/local/index.ts";
import { verifyRun } from "../../coordinator/index.ts";
import { dispositionOf, pause, withDeadline } from "../../core/index.ts";
import {
  createLedgerLog,
  createRolloutStore,
  createRunSecrets,
  createRunStreams,
  findNatsServer,
  openNats,
  startNatsServer,
} from "../../transport/index.ts";
import { openCoordinatedRun } from "../support/coordinated-run.ts";
import { openScriptedTrainer } from "../support/scripted-trainer.ts";
import { openScriptedWorker } from "../support/scripted-worker.ts";
import { openSmallDisk } from "../support/small-disk.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";

const MIB = 2 ** 20;
const STREAMS = { lanes: ["train"], variants: ["base"], ackWaitMs: 2_000, presenceTtlMs: 5_000 };
const RETRY_MS = 200;

describe("a local run's nats-server on a disk that is really full", () => {
  it("is named in one sentence, takes nothing it cannot keep, and goes on by itself when there is room again", async ({
    skip,
  }) => {
    const disk = await openSmallDisk(64);
    if (typeof disk === "string") {
      process.stderr.write(`skipped: ${disk}\n`);
      return skip(disk);
    }
    onTestFinished(() => disk[Symbol.asyncDispose]());
    await using opening = new AsyncDisposableStack();
    const outside = opening.use(await openTemporaryFolder());
    const { path: binary } = await findNatsServer();
    const { users } = createRunSecrets();
    const lines: string[] = [];
    const [folder, log] = [join(disk.folder, "nats"), outside.file("nats.log")];
    const start = (port: number) => startNatsServer({ binary, folder, log, port, run: "full", users });
    const kept = opening.use(
      await keepNatsServer({ start, port: 0, log, folder, say: (line) => void lines.push(line) }),
    );
    const link = opening.use(await openNats({ url: kept.url, ...users.coordinator, name: "test" }));
    await createRunStreams(link, "full", STREAMS);
    const rollouts = createRolloutStore(link, "full");
    const stored = [await rollouts.put(Buffer.alloc(MIB / 4, 1), "r1")];
    await disk.fill(MIB / 2);

    const filling = (async () => {
      for (let i = 2; ; i++) stored.push(await rollouts.put(Buffer.alloc(MIB / 4, i), `r${i}`));
    })();

    await expect(filling).rejects.toMatchObject({ disposition: "retry" });
    expect(lines).toEqual([
      `nats-server's disk is full: what is not stored yet waits; make room in ${folder}, and the run goes on`,
    ]);
    await disk.clear();
    const missing = stored.length + 1;
    const again = async () => {
      while (true) {
        try {
          return await rollouts.put(Buffer.alloc(MIB / 4, missing), `r${missing}`);
        } catch (error) {
          if (dispositionOf(error) !== "retry") throw error;
          await pause(RETRY_MS);
        }
      }
    };
    stored.push(await withDeadline("the refused rollout to be stored", 60_000, again()));
    expect(lines.slice(1)).toEqual(["there is room on nats-server's disk again, and it is started again"]);
    for (const [i, sequence] of stored.entries()) {
      expect(Buffer.from(await rollouts.get(sequence))).toEqual(Buffer.alloc(MIB / 4, i + 1));
    }
    expect(new Set(stored).size).toBe(missing);
  });
});

describe("an archive on a disk that is really full", () => {
  it("ends the run in one sentence when nothing else is left to do; with room again it is complete", async ({
    skip,
  }) => {
    const disk = await openSmallDisk(32);
    if (typeof disk === "string") {
      process.stderr.write(`skipped: ${disk}\n`);
      return skip(disk);
    }
    onTestFinished(() => disk[Symbol.asyncDispose]());
    await using run = await openCoordinatedRun({ steps: 1, archive: join(disk.folder, "archive") });
    const first = await run.start();
    first.ended.catch(() => {});
    await disk.fill(0);
    const peace = new AbortController();
    await using worker = await openScriptedWorker(run, "w1");
    await using trainer = await openScriptedTrainer(run);
    const working = worker.serve(peace.signal, (_, sample) => sample % 2);
    await trainer.trainAll();

    await expect(withDeadline("the run to end", 30_000, first.ended)).rejects.toThrow(
      `the archive in ${disk.folder}/archive cannot be written: `,
    );

    peace.abort();
    await working;
    await disk.clear();
    const second = await run.start({ resume: true });
    await withDeadline("the run to end", 30_000, second.ended);
    const link = await run.nats.link("coordinator");
    const parts = { log: createLedgerLog(link, run.run), rollouts: createRolloutStore(link, run.run) };
    const found = await verifyRun({ ...parts, archive: run.archive, status: null });
    expect(found).toMatchObject({ discrepancies: [], step: 1 });
    expect(found.archivedRollouts).toBeGreaterThanOrEqual(run.batchSamples);
  });
});
