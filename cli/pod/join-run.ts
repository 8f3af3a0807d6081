import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { readConfig } from "../../core/index.ts";
import type { Device } from "../../llama/index.ts";
import type { Logger, Telemetry, TelemetryOptions } from "../../telemetry/index.ts";
import { type ClientTls, openFleetClient, readClientTls } from "../../transport/index.ts";
import type { UpdaterOptions } from "../../updater/index.ts";
import type { WorkerOptions } from "../../workers/index.ts";
import { updaterSettings } from "../role-settings.ts";
import { RunConfig } from "../run-config.ts";
import { readSecret } from "./secrets-folder.ts";
import { type Patience, waitForPeer } from "./wait-for.ts";
import { waitForDomain } from "./wait-for-domain.ts";

/** How a process reaches a run from anywhere. */
export interface JoinGiven {
  /** `host:port` of the coordinator. */
  readonly join: string;
  /** A file with the run's token. */
  readonly tokenFile: string;
  /** PEM file of the authority that the coordinator's certificate is checked against; left out: plain text. */
  readonly ca?: string;
  /** PEM files of what this end shows, where the run asks for it. */
  readonly certificate?: string;
  readonly key?: string;
}

/** What of a joined process is its own. */
export interface JoinedGiven extends JoinGiven {
  readonly device: Device;
  readonly threads: number;
  /** Folder of what it keeps. */
  readonly data: string;
  /** The model's file on this host, if not where run.yaml says. */
  readonly gguf?: string;
}

/** What of a joined worker is its own. */
export interface JoinedWorkerGiven extends JoinedGiven {
  /** Unique in the run; the host's name when left out. */
  readonly name?: string;
  readonly pool?: string;
  readonly slots: number;
  /** Where to dial nats-server, if not where the coordinator says. */
  readonly nats?: string;
  /** The JetStream domain that has the run, where that nats-server is a leaf of the run's. */
  readonly natsDomain?: string;
}

/** Opens what a process tells of itself, once its run is known. */
export type Tell = (of: Pick<TelemetryOptions, "run" | "name" | "config">) => Promise<Telemetry>;

/** What the coordinator says to whoever joins. */
interface Joined {
  readonly run: string;
  readonly config: RunConfig;
  readonly natsUrl: string;
  readonly natsUser: string;
  readonly natsPassword: string;
  readonly coordinator: { readonly address: string; readonly token: string; readonly tls: ClientTls | null };
}

/** Where a run is reached, and with what. @throws {ConfigError | TlsFileError} naming the file that cannot be read */
export async function coordinatorOf(given: JoinGiven): Promise<Joined["coordinator"]> {
  return { address: given.join, token: await readSecret(given.tokenFile), tls: await tlsOf(given) };
}

/** What this end believes and shows; null without an authority: plain text. @throws {TlsFileError} naming the file */
export async function tlsOf({
  ca,
  certificate,
  key,
}: Pick<JoinGiven, "ca" | "certificate" | "key">): Promise<ClientTls | null> {
  const identity = certificate !== undefined && key !== undefined ? { certificate, key } : null;
  return ca === undefined ? null : await readClientTls({ ca, identity });
}

/**
 * What a worker that joins is told: the run's configuration comes from its coordinator.
 *
 * @throws {DeadlineError} when coordinator or nats-server are not there in time
 */
export async function joinedWorkerOptions(
  given: JoinedWorkerGiven,
  patience: Patience,
  logger: Logger,
  tell: Tell,
): Promise<WorkerOptions> {
  const { name = hostname(), pool = "", device, slots, threads, data } = given;
  const { run, config, coordinator, natsUrl, natsUser, natsPassword } = await join(
    "worker",
    name,
    given,
    patience,
  );
  const { nats = natsUrl, natsDomain } = given;
  await waitForPeer({ name: "nats-server", addresses: nats }, patience);
  if (natsDomain !== undefined) {
    const leaf = { url: nats, tls: coordinator.tls, user: natsUser, password: natsPassword, name };
    await waitForDomain(run, { ...leaf, domain: natsDomain }, patience);
  }
  return {
    name,
    pool,
    coordinator,
    natsUrl: nats,
    ...(natsDomain !== undefined && { natsDomain }),
    model: modelOf(config, given),
    device,
    slots,
    threads,
    config: config.worker,
    spool: resolve(data, "spool", basename(name)),
    logger,
    telemetry: await tell({ run, name, config: config.telemetry }),
  };
}

/** What an updater that joins is told. @throws {DeadlineError} when the coordinator is not there in time */
export async function joinedUpdaterOptions(
  given: JoinedGiven,
  patience: Patience,
  logger: Logger,
  tell: Tell,
): Promise<UpdaterOptions> {
  const { run, config, coordinator } = await join("updater", "updater", given, patience);
  return {
    run,
    ...updaterSettings(config),
    coordinator,
    gguf: modelOf(config, given).gguf,
    device: given.device,
    threads: given.threads,
    folder: resolve(given.data, "checkpoints"),
    log: logger,
    telemetry: await tell({ run, name: "updater", config: config.telemetry }),
  };
}

async function join(
  role: "worker" | "updater",
  name: string,
  given: JoinGiven,
  patience: Patience,
): Promise<Joined> {
  const coordinator = await coordinatorOf(given);
  await waitForPeer({ name: "the coordinator", addresses: given.join }, patience);
  await using client = openFleetClient({ ...coordinator, name });
  const { run, runJson, natsUrl, natsUser, natsPassword } = await client.connect(role, {
    signal: patience.stop,
  });
  const config = readConfig(RunConfig, JSON.parse(runJson), `the configuration of run ${run}`);
  return { run, config, natsUrl, natsUser, natsPassword, coordinator };
}

function modelOf({ model }: RunConfig, { gguf }: JoinedGiven): RunConfig["model"] {
  return gguf === undefined ? model : { ...model, gguf: resolve(gguf) };
}
