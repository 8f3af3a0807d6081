import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Summary } from "../../coordinator/index.ts";
import { fleet, startFleetIn } from "../support/fleet-command.ts";
import { openPodRun } from "../support/pod-run.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const MINUTES_MS = 60_000;

let temporary: TemporaryFolder;
let config: string;
beforeAll(async () => {
  temporary = await openTemporaryFolder();
  await writeTinyInputs(temporary.path);
  config = await writeTinyRun(temporary.path, "run", { local: undefined });
});
afterAll(() => temporary[Symbol.asyncDispose]());

describe("a run whose processes share nothing but the network", () => {
  it(
    "starts in any order, trains to its end, stays up to be asked, and ends in order",
    async () => {
      await using folder = await openTemporaryFolder();
      await using run = await openPodRun(folder.path, "joined");
      const worker = run.startWorker("w-1", "--pool", "spot");
      const updater = run.startUpdater();
      await worker.printed(/waiting for the coordinator at/);
      const coordinator = run.startCoordinator(config);
      await coordinator.printed(/waiting for nats-server at/);
      await run.startNats();

      await expect
        .poll(async () => (await run.status())?.state, { timeout: 2 * MINUTES_MS, interval: 1_000 })
        .toBe("ended");
      await expect
        .poll(async () => (await run.status())?.workers.map(({ name, pool }) => [name, pool]), {
          timeout: MINUTES_MS / 2,
          interval: 1_000,
        })
        .toEqual([["w-1", "spot"]]);
      await updater.printed(/the run is over; idle until stopped/);
      const ends = [];
      for (const command of [worker, updater, coordinator]) {
        command.process.kill("SIGTERM");
        ends.push(await command.result);
      }

      expect(ends.map(({ code, stderr }) => [code, stderr.match(/"level":"error".*/)?.[0]])).toEqual([
        [0, undefined],
        [0, undefined],
        [0, undefined],
      ]);
      const summary = join(run.data("coordinator"), "joined", "summary.json");
      const { steps, ledger } = JSON.parse(await readFile(summary, "utf8")) as Summary;
      expect(steps.map(({ step }) => step)).toEqual([1, 2]);
      for (const books of ledger) {
        expect(books.issued).toBe(books.accepted + books.rejected + books.expired);
        expect(books.accepted).toBe(books.trained + books.skipped + books.evaluated);
      }
    },
    3 * MINUTES_MS,
  );

  it("is refused when its ledger is gone, rather than begun anew over its archive", async () => {
    await using folder = await openTemporaryFolder();
    await using run = await openPodRun(folder.path, "begun");
    await run.startNats();
    const first = run.startCoordinator(config);
    await first.printed(/"listening"/);
    first.process.kill("SIGKILL");
    await first.result;
    await using other = await openTemporaryFolder();
    await using elsewhere = await openPodRun(other.path, "begun");
    await elsewhere.startNats();

    const second = await elsewhere.startCoordinator(config, "--data", run.data("coordinator")).result;

    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(
      /fleet: the run begun was started before, and nats-server has no ledger of it/,
    );
  });
});

describe("a coordinator that starts again with another run.yaml", () => {
  it("goes on where what changed may change, and refuses by name what may not", async () => {
    await using folder = await openTemporaryFolder();
    await using run = await openPodRun(folder.path, "changed");
    await run.startNats();
    const start = async (name: string, changes: object) =>
      run.startCoordinator(await writeTinyRun(temporary.path, name, { local: undefined, ...changes }));
    const stop = async (command: Awaited<ReturnType<typeof start>>) => {
      await command.printed(/"listening"/);
      command.process.kill("SIGTERM");
      return await command.result;
    };

    const first = await stop(await start("first", {}));
    const longer = await stop(await start("longer", { steps: 3 }));
    const other = await (await start("other", { steps: 3, seed: 1 })).result;

    expect([first.code, longer.code, other.code]).toEqual([0, 0, 2]);
    expect(other.stderr).toMatch(/a run cannot change while it goes on:\n +seed: was 0, is 1/);
  });
});

describe("a process that cannot join ends with one sentence", () => {
  it("when it does not name all that its form needs", async () => {
    const coordinator = await fleet("coordinator", "--config", config, "--run", "x");
    const worker = await fleet("worker", "--join", "127.0.0.1:1");

    expect([coordinator.code, worker.code]).toEqual([2, 2]);
    expect(coordinator.stderr).toContain(
      "fleet coordinator --run also needs --data, --secrets, --nats, --listen",
    );
    expect(worker.stderr).toContain("fleet worker --join also needs --token-file, --data");
  });

  it("when run.yaml says what runs on one machine", async () => {
    await using folder = await openTemporaryFolder();
    await using run = await openPodRun(folder.path, "local");
    const local = await writeTinyRun(temporary.path, "local");

    const { code, stderr } = await run.startCoordinator(local).result;

    expect(code).toBe(2);
    expect(stderr).toMatch(/local\.yaml has a section "local", which is for "fleet train" on one machine/);
  });

  it("when nobody is there in the time that it may take", async () => {
    await using folder = await openTemporaryFolder();
    await using run = await openPodRun(folder.path, "absent");

    const { code, stderr } = await run.startWorker("w-1", "--wait", "1").result;

    expect(code).toBe(1);
    expect(stderr).toMatch(/fleet: waited 1 s for the coordinator at \S+: nobody accepts connections there/);
  });

  it("when its run is in a cluster, and kubectl is missing", async () => {
    const onlyNode = { PATH: dirname(process.execPath) };

    const { code, stderr } = await startFleetIn(onlyNode, "status", "--release", "my-run").result;

    expect(code).toBe(2);
    expect(stderr).toBe(
      "fleet: kubectl is not on the PATH: --release needs it, to reach the run in its cluster\n",
    );
  });

  it("when its token is another run's", async () => {
    await using folder = await openTemporaryFolder();
    await using run = await openPodRun(folder.path, "token");
    await run.startNats();
    await run.startCoordinator(config).printed(/"listening"/);
    await writeFile(folder.file("other"), "wrong");

    const { code, stderr } = await run.startWorker("w-1", "--token-file", folder.file("other")).result;

    expect(code).toBe(2);
    expect(stderr).toMatch(/fleet: this call does not carry the run's token/);
  });
});
