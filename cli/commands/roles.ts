import { type Command, Option } from "commander";
import { gracefully, openWatchdog } from "../../core/index.ts";
import { createLogger, type Logger } from "../../telemetry/index.ts";
import { parseAddress, parseCount, parseNatsUrl } from "../parse.ts";
import { openRoleRun, type RoleRun, type WorkerAddresses } from "../role-run.ts";
import { openRunSignals } from "../run-signals.ts";

/** Time that a coordinator or an updater gets to write what it has. */
const GRACE_MS = 20_000;

interface RoleOptions {
  readonly config: string;
}

/** `fleet coordinator | worker | updater`: one process of a run, as it runs in a pod. */
export function addRoleCommands(program: Command): void {
  roleCommand(program, "coordinator", "")
    .description("one coordinator, as it runs in a pod")
    .option("--resume", "go on with a run that was started before")
    .action(startCoordinator);
  roleCommand(program, "worker", " --name worker-0")
    .description("one worker, as it runs in a pod")
    .requiredOption("--name <name>", "unique in the run")
    .option("--pool <n>", "which entry of local.workers it is of", parseCount, 0)
    .option("--coordinator <host:port>", "where to dial it, if not where it listens", parseAddress)
    .option("--nats <url>", "where to dial nats-server, if not where the coordinator says", parseNatsUrl)
    .action(startWorker);
  roleCommand(program, "updater", "").description("the updater, as it runs in a pod").action(startUpdater);
}

/** @param more - what the example adds to the configuration */
function roleCommand(program: Command, name: string, more: string): Command {
  return program
    .command(name)
    .addOption(new Option("--config <file>", "the resolved run.yaml in a run's folder").makeOptionMandatory())
    .addHelpText("after", `\nExample:\n  fleet ${name} --config runs/demo-20260101-120000/run.yaml${more}`);
}

async function startCoordinator(options: RoleOptions & { resume?: true }): Promise<void> {
  const { runCoordinator } = await import("../../coordinator/index.ts");
  await runRole(options, "coordinator", GRACE_MS, async (run, logger, shutdown) =>
    runCoordinator(await run.coordinatorOptions(options.resume ?? false, logger), shutdown),
  );
}

async function startWorker(
  options: RoleOptions & WorkerAddresses & { name: string; pool: number },
): Promise<void> {
  const { runWorker } = await import("../../workers/index.ts");
  const run = await openRoleRun(options.config);
  await runRole(options, "worker", run.config.worker.drainTimeoutMs, (_, logger, shutdown) =>
    runWorker(run.workerOptions(options.name, options.pool, options, logger), shutdown),
  );
}

async function startUpdater(options: RoleOptions): Promise<void> {
  const { runUpdater } = await import("../../updater/index.ts");
  await runRole(options, "updater", GRACE_MS, (run, logger, shutdown) =>
    runUpdater(run.updaterOptions(logger), shutdown),
  );
}

async function runRole(
  { config }: RoleOptions,
  role: string,
  graceMs: number,
  start: (run: RoleRun, logger: Logger, shutdown: ReturnType<typeof gracefully>) => Promise<void>,
): Promise<void> {
  const run = await openRoleRun(config);
  const logger = createLogger({
    role,
    level: "info",
    destination: "stderr",
    pretty: process.stderr.isTTY,
  });
  using _ = openWatchdog({ say: (what) => logger.warn("watchdog", { what }) });
  using signals = openRunSignals(() => logger.info("stopping"));
  const { abandon } = gracefully(signals.stop, graceMs);
  await start(run, logger, { stop: signals.stop, abandon: AbortSignal.any([abandon, signals.abandon]) });
}
