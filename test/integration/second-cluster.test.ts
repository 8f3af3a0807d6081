import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readArchive } from "../../coordinator/index.ts";
import { createRunSecrets } from "../../transport/index.ts";
import { openHubAndLeaf } from "../support/hub-and-leaf.ts";
import { openPodRun } from "../support/pod-run.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const RUN = "two";
const STEPS = 60;
const SAMPLES_OF_A_STEP = 8;

describe("a run with workers behind a leaf of its nats-server", () => {
  it("trains on what they send, goes on without them while the link is cut, and with them alone once it is back", async () => {
    await using folder = await openTemporaryFolder();
    await writeTinyInputs(folder.path);
    const secrets = createRunSecrets();
    await using servers = await openHubAndLeaf(RUN, secrets);
    await using run = await openPodRun(folder.path, RUN, secrets, servers.hub.url);
    const config = await writeTinyRun(folder.path, "run", { local: undefined, steps: STEPS });
    const step = async () => (await run.status())?.step ?? 0;
    const reached = (wanted: number) =>
      expect.poll(step, { timeout: 120_000, interval: 250 }).toBeGreaterThanOrEqual(wanted);
    const further = async () => reached((await step()) + 2);
    const behindTheLeaf = ["--nats", servers.leaf.url, "--nats-domain", RUN];

    const coordinator = run.startCoordinator(config);
    const updater = run.startUpdater();
    servers.cut();
    const far = run.startWorker("far", ...behindTheLeaf);
    await far.printed(/waiting for the JetStream domain two behind nats-server/);
    servers.mend();
    await reached(1);
    servers.cut();
    const near = run.startWorker("near");
    await further();
    servers.mend();
    near.process.kill("SIGTERM");
    expect((await near.result).code).toBe(0);
    await further();
    await servers.leaf.kill();
    servers.leaf.restart();
    await reached(STEPS);
    await expect
      .poll(async () => (await run.status())?.state, { timeout: 60_000, interval: 500 })
      .toBe("ended");

    const status = await run.status();
    for (const books of status?.balances ?? []) {
      expect(books.outstanding + books.waiting, books.lane).toBe(0);
      expect(books.accepted + books.rejected + books.expired, books.lane).toBe(books.issued);
      expect(books.trained + books.skipped + books.evaluated, books.lane).toBe(books.accepted);
    }
    expect(status?.balances.find(({ lane }) => lane === "train")?.trained).toBe(STEPS * SAMPLES_OF_A_STEP);
    for (const command of [far, updater, coordinator]) {
      command.process.kill("SIGTERM");
      expect((await command.result).code).toBe(0);
    }
    const archive = join(run.data("coordinator"), RUN, "archive");
    const rows = await readArchive(archive, { sort: "sequence", atMost: 10_000 });
    const stepsOf = (worker: string) =>
      new Set(
        rows.filter((row) => row.worker === worker && row.outcome === "trained").map((row) => row.step),
      );
    expect([...stepsOf("far")]).toEqual(expect.arrayContaining([1, STEPS]));
    expect(stepsOf("near").size).toBeGreaterThan(0);
  }, 300_000);
});
