import { once } from "node:events";
import type { Command } from "commander";
import { createDashboardLink, createRestSource, openDashboard } from "../../coordinator/index.ts";
import { createLogger } from "../../telemetry/index.ts";
import { dashboardLinkOf, dashboardOptions } from "../dashboard.ts";
import { isListening } from "../is-listening.ts";
import { readSecrets } from "../local/index.ts";
import { chooseRelease, chooseRun, type RunChoice } from "../open-run.ts";
import { parseAddress } from "../parse.ts";
import { openForward, type ReleaseChoice } from "../pod/port-forward.ts";
import { note, print } from "../print.ts";
import { readRunConfig } from "../read-run-config.ts";
import { readSummary } from "../read-summary.ts";
import { findRunFolder, type RunFolder, RunFolderError } from "../run-folder.ts";
import { type OpenRunSignals, openRunSignals } from "../run-signals.ts";

/** `fleet dashboard`: look at a run in a browser, running or not, here or in a cluster. */
export function addDashboardCommand(program: Command): void {
  chooseRelease(chooseRun(program.command("dashboard")))
    .description(
      "a link to the run's page; of a run that is not running, or in a cluster, it is served until Ctrl-C",
    )
    .option(
      "--listen <host:port>",
      "where to serve a run that is not running, if not on loopback",
      parseAddress,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  fleet dashboard\n  fleet dashboard --run demo-20260101-120000\n  fleet dashboard --release my-run",
    )
    .action(showDashboard);
}

interface DashboardGiven extends RunChoice, Partial<ReleaseChoice> {
  readonly listen?: string;
}

async function showDashboard(choice: DashboardGiven): Promise<void> {
  const { release } = choice;
  if (release !== undefined) return forward({ ...choice, release });
  const folder = await findRunFolder(choice.runs, choice.run);
  const { dashboard, coordinator } = await folder.endpoints();
  const isRunning = coordinator !== undefined && (await isListening(coordinator));
  if (isRunning && dashboard !== undefined) return print((await dashboardLinkOf(folder)) ?? "");
  await serveAtRest(folder, choice.listen);
}

/** The page of a run in a cluster, by way of a port of this machine. */
async function forward(choice: ReleaseChoice): Promise<void> {
  using signals = openRunSignals(() => {});
  await using way = await openForward(choice, "dashboard");
  print(createDashboardLink(`http://${way.address}`, way.token));
  note(`the page of ${choice.release} is there until Ctrl-C`);
  await Promise.race([stopOf(signals), way.lost]);
}

async function serveAtRest(folder: RunFolder, listen: string | undefined): Promise<void> {
  const summary = await readSummary(folder);
  if (summary === null) {
    throw new RunFolderError(`the run ${folder.id} has nothing to show yet: it never got to start`);
  }
  const config = await readRunConfig(folder.config);
  const { seed, batch, sampling } = config;
  const settings = {
    seed,
    prompts: batch.prompts,
    group: batch.group,
    staleness: batch.staleness,
    temperature: sampling.temperature,
    planned: config.steps,
  };
  const { token } = await readSecrets(folder);
  const options = await dashboardOptions(folder, config, token, listen);
  // Where the run's own page is stays written down: it is there again when the run goes on.
  const at = listen === undefined ? { port: 0, isFixed: false } : {};
  const logger = createLogger({ role: "dashboard", level: "warn", destination: "stderr", pretty: true });
  using signals = openRunSignals(() => {});
  await using dashboard = await openDashboard(
    { ...options, ...at, onListening: async () => {} },
    { ...options, source: createRestSource(summary, settings), archive: folder.archive, logger },
  );
  print(dashboard.link());
  note(`the run ${folder.id} is not running; its page is served until Ctrl-C`);
  await stopOf(signals);
}

async function stopOf({ stop }: OpenRunSignals): Promise<void> {
  if (!stop.aborted) await once(stop, "abort");
}
