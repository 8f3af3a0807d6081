import { describe, expect, it } from "vitest";
import { createRunSecrets, openNats, serverConfig } from "../../transport/index.ts";
import { leaderOf, openNatsCluster, untilWhole } from "../support/nats-cluster.ts";
import { openPodRun } from "../support/pod-run.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyInputs, writeTinyRun } from "../support/tiny-run.ts";

const RUN = "three";
const STEPS = 12;
const REPLICAS = 3;
const KILLS = 2;
const ONE_GIB = 2 ** 30;

describe("a whole run over three nats-servers", () => {
  it("trains to its end, its books balanced, while the server that leads its ledger is killed twice", async () => {
    await using folder = await openTemporaryFolder();
    await writeTinyInputs(folder.path);
    const secrets = createRunSecrets();
    const settings = { run: RUN, port: 0, users: secrets.users, storeBytes: ONE_GIB };
    await using cluster = await openNatsCluster((store) => {
      const config = serverConfig({ ...settings, storeFolder: store, portsFolder: store });
      return config.split("\n").filter(isOfAllServers).join("\n");
    });
    await using run = await openPodRun(folder.path, RUN, secrets, cluster.url);
    const config = await writeTinyRun(folder.path, "run", {
      ...{ local: undefined, steps: STEPS, storage: { replicas: REPLICAS } },
    });
    const commands = [run.startCoordinator(config), run.startWorker("w-1"), run.startUpdater()];
    const reached = (step: number) =>
      expect
        .poll(async () => (await run.status())?.step ?? 0, { timeout: 120_000, interval: 500 })
        .toBeGreaterThanOrEqual(step);

    await reached(1);
    await using link = await openNats({ ...secrets.users.coordinator, url: cluster.url, name: "test" });
    for (let kill = 1; kill <= KILLS; kill++) {
      const leader = await leaderOf(cluster, link, `LEDGER_${RUN}`);
      await leader.kill();
      await reached(2 + 3 * kill);
      leader.restart();
      await untilWhole(link, `LEDGER_${RUN}`);
    }
    await reached(STEPS);
    await expect
      .poll(async () => (await run.status())?.state, { timeout: 60_000, interval: 500 })
      .toBe("ended");

    const status = await run.status();
    const { config: ledger } = await link.manager.streams.info(`LEDGER_${RUN}`);
    expect(ledger.num_replicas).toBe(REPLICAS);
    for (const books of status?.balances ?? []) {
      expect(books.outstanding + books.waiting, books.lane).toBe(0);
      expect(books.accepted + books.rejected + books.expired, books.lane).toBe(books.issued);
      expect(books.trained + books.skipped + books.evaluated, books.lane).toBe(books.accepted);
    }
    expect(status?.balances.find(({ lane }) => lane === "train")?.trained).toBe(STEPS * 8);
    for (const command of commands.toReversed()) {
      command.process.kill("SIGTERM");
      expect((await command.result).code).toBe(0);
    }
  }, 300_000);
});

/** Each server has its own name and port. */
function isOfAllServers(line: string): boolean {
  return !/^(server_name|listen|ports_file_dir):/.test(line);
}
