import { connect } from "node:net";
import { type Command, Option } from "commander";
import { FleetError } from "../core/index.ts";
import { type ClientTls, type FleetClient, openFleetClient } from "../transport/index.ts";
import { clientTls, readSecrets } from "./local/index.ts";
import { readRunConfig } from "./read-run-config.ts";
import { readSummary } from "./read-summary.ts";
import { findRunFolder, type RunFolder } from "./run-folder.ts";

/** The run is not running, so there is nobody to ask. */
export class NotRunningError extends FleetError {
  readonly code = "cli.not_running";
  readonly disposition = "reject";
}

/** The options that choose a run. */
export interface RunChoice {
  readonly runs: string;
  readonly run?: string;
}

const LISTENING_DEADLINE_MS = 2_000;
const LOOPBACK = "127.0.0.1";

/** Adds `--run` and `--runs` to a command about a run that was started before. */
export function chooseRun(command: Command): Command {
  return command
    .addOption(new Option("--run <id>", "the run; the newest when left out"))
    .addOption(runsOption());
}

/** `--runs DIR`: where the folders of runs are. */
export function runsOption(): Option {
  return new Option("--runs <dir>", "folder of all runs").default("runs");
}

/**
 * Opens a connection to a running run's coordinator. The caller disposes of it.
 *
 * @throws {NotRunningError} when nobody listens where it did
 */
export async function connectToRun(choice: RunChoice): Promise<{ folder: RunFolder; client: FleetClient }> {
  const folder = await findRunFolder(choice.runs, choice.run);
  const { coordinator, nats } = await folder.endpoints();
  if (coordinator === undefined || !(await isListening(coordinator))) {
    const hasServer = nats !== undefined && (await isListening({ host: LOOPBACK, port: nats.port }));
    throw new NotRunningError(hasServer ? describeBetween(folder) : await describeRest(folder));
  }
  const { token } = await readSecrets(folder);
  const tls = await clientTlsOf(folder);
  const address = `${coordinator.host}:${coordinator.port}`;
  return { folder, client: await openFleetClient({ address, token, tls, name: "cli" }) };
}

/** What a client of a run's servers is given, as its run.yaml says; null: plain text. */
export async function clientTlsOf(folder: RunFolder): Promise<ClientTls | null> {
  return clientTls(folder, (await readRunConfig(folder.config)).tls);
}

/** Whether somebody accepts connections there. */
export function isListening({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: LISTENING_DEADLINE_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

/** nats-server is the first to start and the last to go. */
function describeBetween({ id }: RunFolder): string {
  return `the run ${id} is starting or closing, and its coordinator does not answer: ask again in a few seconds`;
}

async function describeRest(folder: RunFolder): Promise<string> {
  const { id } = folder;
  const summary = await readSummary(folder);
  if (summary?.state === "ended") {
    return `the run ${id} has ended (${summary.reason}): "fleet rollouts --run ${id}" and "fleet ledger --run ${id}" read what it left`;
  }
  return `the run ${id} is not running: "fleet train --resume --run ${id}" continues it`;
}
