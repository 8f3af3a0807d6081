import { type Command, Option } from "commander";
import { ConfigError, FleetError } from "../core/index.ts";
import { type ClientTls, type FleetClient, openFleetClient } from "../transport/index.ts";
import { isListening } from "./is-listening.ts";
import { clientTls, readSecrets } from "./local/index.ts";
import { parseAddress } from "./parse.ts";
import { coordinatorOf, type JoinGiven, tlsOf } from "./pod/join-run.ts";
import { openForward, type ReleaseChoice } from "./pod/port-forward.ts";
import { readRunConfig } from "./read-run-config.ts";
import { readSummary } from "./read-summary.ts";
import { findRunFolder, type RunFolder } from "./run-folder.ts";

/** The run is not running, so there is nobody to ask. */
export class NotRunningError extends FleetError {
  readonly code = "cli.not_running";
  readonly disposition = "reject";
}

/** The options that choose a running run: one of this machine, or one that is reached over the network. */
export interface RunningRunChoice extends RunChoice, Partial<JoinGiven>, Partial<ReleaseChoice> {}

/** The options that choose a run. */
export interface RunChoice {
  readonly runs: string;
  readonly run?: string;
}

const LOOPBACK = "127.0.0.1";

/** Adds `--run` and `--runs` to a command about a run that was started before. */
export function chooseRun(command: Command): Command {
  return command
    .addOption(new Option("--run <id>", "the run; the newest when left out"))
    .addOption(runsOption());
}

/** Adds to {@link chooseRun} the options that reach a run elsewhere. */
export function chooseRunningRun(command: Command): Command {
  const local = chooseRun(command)
    .option("--join <host:port>", "a run elsewhere: its coordinator", parseAddress)
    .option("--token-file <file>", "with --join: holds the run's token")
    .option("--ca <file>", "with --join: PEM of the authority of its certificate; else plain text")
    .option("--certificate <file>", "with --join: PEM of this end's certificate, where the run asks for one")
    .option("--key <file>", "with --join: PEM of its key");
  return chooseRelease(local);
}

/** Adds the options that reach a run in a cluster. */
export function chooseRelease(command: Command): Command {
  return command
    .option("--release <name>", "a run in a cluster: the name of its Helm release; needs kubectl")
    .option("--context <name>", "with --release: of the kubeconfig; the current one when left out")
    .option("--namespace <name>", "with --release: the context's own when left out");
}

/** `--runs DIR`: where the folders of runs are. */
export function runsOption(): Option {
  return new Option("--runs <dir>", "folder of all runs").default("runs");
}

/**
 * Opens a connection to a running run's coordinator. The caller disposes of it.
 *
 * @returns also the run's folder; null where that is on another host
 * @throws {NotRunningError} when nobody listens where it did
 */
export async function connectToRun(
  choice: RunningRunChoice,
): Promise<{ folder: RunFolder | null; client: FleetClient }> {
  if (choice.join !== undefined) return { folder: null, client: await connectTo(choice) };
  const { release } = choice;
  if (release !== undefined) return { folder: null, client: await connectThrough({ ...choice, release }) };
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

async function connectTo(given: Partial<JoinGiven>): Promise<FleetClient> {
  const { join, tokenFile } = given;
  if (join === undefined || tokenFile === undefined)
    throw new ConfigError("--join also needs --token-file, a file with the run's token");
  const coordinator = await coordinatorOf({ ...given, join, tokenFile });
  const at = coordinator.address.lastIndexOf(":");
  const host = coordinator.address.slice(0, at).replace(/^\[|\]$/g, "");
  if (!(await isListening({ host, port: Number(coordinator.address.slice(at + 1)) })))
    throw new NotRunningError(
      `nobody accepts connections at ${join}: is that where the coordinator listens?`,
    );
  return openFleetClient({ ...coordinator, name: "cli" });
}

/** A client of a run in a cluster; its way there closes with it. */
async function connectThrough(choice: RunningRunChoice & ReleaseChoice): Promise<FleetClient> {
  const { ca, certificate, key } = choice;
  await using opening = new AsyncDisposableStack();
  const { address, token, tls: found } = opening.use(await openForward(choice, "grpc"));
  const named = await tlsOf({ ...(ca && { ca }), ...(certificate && { certificate }), ...(key && { key }) });
  const tls = named ?? found;
  const client = opening.use(openFleetClient({ address, token, tls, name: "cli" }));
  const open = opening.move();
  return { ...client, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** What a client of a run's servers is given, as its run.yaml says; null: plain text. */
export async function clientTlsOf(folder: RunFolder): Promise<ClientTls | null> {
  return clientTls(folder, (await readRunConfig(folder.config)).tls);
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
