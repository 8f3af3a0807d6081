import { type Command, Option } from "commander";
import { ConfigError, pause } from "../../core/index.ts";
import { parseAddress, parseCount, parseDigest, parseDomain, parseNatsUrl, parsePositive } from "../parse.ts";
import type { JoinedGiven, JoinedWorkerGiven } from "../pod/join-run.ts";
import type { PodCoordinatorGiven } from "../pod/pod-coordinator.ts";
import { openRoleRun, type WorkerAddresses } from "../role-run.ts";
import { type HowRun, runRole } from "../run-role.ts";

/** Time that a coordinator or an updater gets to write what it has. */
const GRACE_MS = 20_000;
/** Nothing is looked at meanwhile. */
const IDLE_MS = 3_600_000;
const DEVICES = ["auto", "cuda", "vulkan", "cpu"];

/** Options of every role. */
interface RoleOptions extends HowRun {
  readonly config?: string;
}

type CoordinatorGiven = RoleOptions & Partial<PodCoordinatorGiven> & { readonly resume?: true };
type WorkerGiven = RoleOptions &
  Given<JoinedWorkerGiven, "slots" | "device" | "threads"> &
  Pick<WorkerAddresses, "coordinator">;
type UpdaterGiven = RoleOptions & Given<JoinedGiven, "device" | "threads">;
/** Options of which only those with a default are always there. */
type Given<T, Always extends keyof T> = Partial<Omit<T, Always>> & Pick<T, Always>;

/**
 * `fleet coordinator | worker | updater`: one process of a run. Each has two forms: in the folder of a run that `fleet
 * train` made, and on a host of its own, where it shares nothing with the others but the network.
 */
export function addRoleCommands(program: Command): void {
  addCoordinator(program);
  addWorker(program);
  addUpdater(program);
}

function addCoordinator(program: Command): void {
  withWait(program.command("coordinator"))
    .description("one coordinator: of a run's folder, or on a host of its own (--run)")
    .option("--config <file>", "run.yaml: the resolved one of a run's folder, or with --run your own")
    .option("--resume", "go on with a run that was started before (without --run)")
    .option("--run <id>", "on a host of its own: the run, started or gone on with as its ledger says")
    .option("--data <dir>", "with --run: where the folder of the run is kept")
    .option("--secrets <dir>", "with --run: files token, coordinator-password and worker-password")
    .option("--nats <url>", "with --run: nats-server", parseNatsUrl)
    .option("--listen <host:port>", "with --run: where to listen, such as 0.0.0.0:7000", parseAddress)
    .option("--advertise-nats <url>", "where workers reach nats-server, if elsewhere", parseNatsUrl)
    .option("--scaler <host:port>", "with --run: where KEDA asks for the size of the pools", parseAddress)
    .option("--scaler-tls <dir>", "its ca.crt, tls.crt and tls.key; without it on loopback only")
    .option("--gguf <file>", "where the model is on this host, if not where run.yaml says")
    .option("--dashboard <host:port>", "where the dashboard listens; its link is in the log", parseAddress)
    .option("--base <sha256>", "digest of the model, where its file is not on this host", parseDigest)
    .addHelpText(
      "after",
      "\nExamples:\n  fleet coordinator --config runs/demo-20260101-120000/run.yaml\n  fleet coordinator --config run.yaml --run my-run --data /data --secrets /secrets --nats nats://nats:4222 --listen 0.0.0.0:7000",
    )
    .action(startCoordinator);
}

function addWorker(program: Command): void {
  joining(program.command("worker"))
    .description("one worker: of a run's folder, or on a host of its own (--join)")
    .option("--name <name>", "unique in the run; with --join the host's name when left out")
    .option("--pool <name>", "which pool it is of; with --config the entry of local.workers, from 0")
    .option("--slots <n>", "with --join: sequences decoded at once", parsePositive, 8)
    .option(
      "--coordinator <host:port>",
      "with --config: where to dial it, if not where it listens",
      parseAddress,
    )
    .option("--nats <url>", "where to dial nats-server, if not where the coordinator says", parseNatsUrl)
    .option(
      "--nats-domain <name>",
      "with --join: the JetStream domain of the run, where that one is a leaf of the run's",
      parseDomain,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  fleet worker --config runs/demo-20260101-120000/run.yaml --name worker-0\n  fleet worker --join coordinator.example:7000 --token-file token --ca ca.pem --slots 16 --data /tmp/worker",
    )
    .action(startWorker);
}

function addUpdater(program: Command): void {
  joining(program.command("updater"))
    .description("the updater: of a run's folder, or on a host of its own (--join)")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet updater --config runs/demo-20260101-120000/run.yaml\n  fleet updater --join coordinator:7000 --token-file token --data /data",
    )
    .action(startUpdater);
}

/** Options of a process that dials the coordinator. */
function joining(command: Command): Command {
  return withWait(command)
    .option("--config <file>", "the resolved run.yaml in a run's folder")
    .option("--join <host:port>", "on a host of its own: the coordinator, which says all else", parseAddress)
    .option("--token-file <file>", "with --join: holds the run's token")
    .option(
      "--ca <file>",
      "with --join: PEM of the authority of the coordinator's certificate; else plain text",
    )
    .option("--certificate <file>", "with --join: PEM of this end's certificate, where the run asks for one")
    .option("--key <file>", "with --join: PEM of its key")
    .addOption(new Option("--device <device>", "with --join: what computes").choices(DEVICES).default("auto"))
    .option("--threads <n>", "with --join: threads of llama.cpp", parsePositive, 1)
    .option("--gguf <file>", "with --join: where the model is on this host, if not where run.yaml says")
    .option("--data <dir>", "with --join: folder of what it keeps");
}

function withWait(command: Command): Command {
  return command
    .option("--wait <seconds>", "how long peers may take to be there", parseCount, 300)
    .option(
      "--metrics <host:port>",
      "where /metrics, /startupz, /readyz and /livez are served",
      parseAddress,
    );
}

const POD = ["config", "run", "data", "secrets", "nats", "listen"] as const;
const JOINED = ["join", "tokenFile", "data"] as const;

async function startCoordinator(given: CoordinatorGiven): Promise<void> {
  const { runCoordinator } = await import("../../coordinator/index.ts");
  const { config } = required("coordinator", given, ["config"]);
  await runRole("coordinator", given, async ({ logger, patience, within, tell }) => {
    if (given.run === undefined) {
      const run = await openRoleRun(config);
      const options = await run.coordinatorOptions(given.resume ?? false, logger, given.dashboard);
      const telemetry = await tell({ run: run.id, name: "coordinator", config: run.config.telemetry });
      return runCoordinator({ ...options, telemetry }, within(GRACE_MS));
    }
    const pod = required("coordinator --run", { ...given, config }, POD);
    const [{ podCoordinatorOptions }, { waitForPeer }] = await Promise.all([
      import("../pod/pod-coordinator.ts"),
      import("../pod/wait-for.ts"),
    ]);
    const options = await podCoordinatorOptions(pod, logger, tell);
    await waitForPeer({ name: "nats-server", addresses: pod.nats }, patience);
    return runCoordinator(options, within(GRACE_MS));
  });
}

async function startWorker(given: WorkerGiven): Promise<void> {
  const { runWorker } = await import("../../workers/index.ts");
  if (given.join !== undefined) {
    const joined = required("worker --join", given, JOINED);
    const { joinedWorkerOptions } = await import("../pod/join-run.ts");
    return await runRole("worker", given, async ({ logger, patience, within, tell }) => {
      const options = await joinedWorkerOptions(joined, patience, logger, tell);
      await runWorker(options, within(options.config.drainTimeoutMs));
    });
  }
  const { config, name, pool = "0", coordinator, nats } = required("worker", given, ["config", "name"]);
  const run = await openRoleRun(config);
  const addresses = {
    ...(coordinator !== undefined && { coordinator }),
    ...(nats !== undefined && { nats }),
  };
  await runRole("worker", given, async ({ logger, within, tell }) => {
    const options = run.workerOptions(name, Number(pool), addresses, logger);
    const telemetry = await tell({ run: run.id, name, config: run.config.telemetry });
    await runWorker({ ...options, telemetry }, within(run.config.worker.drainTimeoutMs));
  });
}

async function startUpdater(given: UpdaterGiven): Promise<void> {
  const { runUpdater } = await import("../../updater/index.ts");
  if (given.join === undefined) {
    const run = await openRoleRun(required("updater", given, ["config"]).config);
    return await runRole("updater", given, async ({ logger, within, tell }) => {
      const telemetry = await tell({ run: run.id, name: "updater", config: run.config.telemetry });
      await runUpdater({ ...run.updaterOptions(logger), telemetry }, within(GRACE_MS));
    });
  }
  const joined = required("updater --join", given, JOINED);
  const { joinedUpdaterOptions } = await import("../pod/join-run.ts");
  await runRole("updater", given, async ({ logger, patience, within, tell }) => {
    const shutdown = within(GRACE_MS);
    await runUpdater(await joinedUpdaterOptions(joined, patience, logger, tell), shutdown);
    if (shutdown.stop.aborted) return;
    logger.info("the run is over; idle until stopped"); // A process that ended would only be started again.
    while (!shutdown.stop.aborted) await pause(IDLE_MS, shutdown.stop);
  });
}

/** @throws {ConfigError} naming the options that this form of a command cannot do without */
function required<Given extends object, Key extends keyof Given & string>(
  form: string,
  given: Given,
  keys: readonly Key[],
): Given & { readonly [K in Key]-?: Exclude<Given[K], undefined> } {
  const missing = keys.filter((key) => given[key] === undefined);
  if (missing.length === 0) return given as ReturnType<typeof required<Given, Key>>;
  const flags = missing.map((key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  throw new ConfigError(
    `fleet ${form} also needs ${flags.join(", ")}: "fleet ${form.split(" ")[0]} --help" shows both of its forms`,
  );
}
