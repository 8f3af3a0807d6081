import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StatusAnswer } from "../../proto/index.ts";
import { createRunSecrets, findNatsServer, type NatsServer, startNatsServer } from "../../transport/index.ts";
import { freePort } from "./bare-server.ts";
import { type CommandResult, type FleetCommand, fleet, startFleet } from "./fleet-command.ts";

/** A run whose processes share no folder, each started as in a pod. */
export interface PodRun extends AsyncDisposable {
  readonly run: string;
  /** Options that reach it, as `fleet status` takes them. */
  readonly reach: readonly string[];
  /** Where a process of that name keeps what it has. */
  data(process: string): string;
  startNats(): Promise<NatsServer>;
  startCoordinator(config: string, ...more: readonly string[]): FleetCommand;
  startWorker(name: string, ...more: readonly string[]): FleetCommand;
  startUpdater(): FleetCommand;
  /** What the coordinator says of the run; null while it does not answer. */
  status(): Promise<StatusAnswer | null>;
}

/**
 * Picks the ports and makes the secrets; nothing is started yet. Disposing ends what was.
 *
 * @param natsUrl - of servers that are there already, and whose users these secrets are of
 */
export async function openPodRun(
  folder: string,
  run: string,
  secrets = createRunSecrets(),
  natsUrl?: string,
): Promise<PodRun> {
  const { path: binary } = await findNatsServer();
  const secretsFolder = join(folder, "secrets");
  await mkdir(secretsFolder);
  await writeFile(join(secretsFolder, "token"), `${secrets.token}\n`);
  await writeFile(join(secretsFolder, "coordinator-password"), secrets.users.coordinator.password);
  await writeFile(join(secretsFolder, "worker-password"), secrets.users.worker.password);
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, secrets.token);
  const [natsPort, port] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const reach = ["--join", address, "--token-file", tokenFile];
  const data = (process: string) => join(folder, process);
  const started: FleetCommand[] = [];
  const servers: NatsServer[] = [];
  const start = (...args: readonly string[]) => {
    const command = startFleet(...args);
    started.push(command);
    return command;
  };
  return {
    run,
    reach,
    data,
    startNats: async () => {
      const server = await startNatsServer({
        binary,
        folder: data("nats"),
        log: join(folder, "nats.log"),
        port: natsPort,
        run,
        users: secrets.users,
      });
      servers.push(server);
      return server;
    },
    startCoordinator: (config, ...more) =>
      start(
        ...["coordinator", "--config", config, "--run", run, "--data", data("coordinator")],
        ...["--secrets", secretsFolder, "--nats", natsUrl ?? `nats://127.0.0.1:${natsPort}`],
        ...["--listen", address],
        ...more,
      ),
    startWorker: (name, ...more) =>
      start(
        ...["worker", ...reach, "--name", name, "--device", "cpu", "--slots", "4", "--data", data(name)],
        ...more,
      ),
    startUpdater: () => start("updater", ...reach, "--device", "cpu", "--data", data("updater")),
    status: async () => {
      const { code, stdout } = await fleet("status", ...reach, "--json");
      return code === 0 ? (JSON.parse(stdout) as StatusAnswer) : null;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { process } of started) process.kill("SIGKILL");
      await Promise.all(started.map(({ result }): Promise<CommandResult> => result));
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}
