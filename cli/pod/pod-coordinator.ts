import { resolve } from "node:path";
import { stringify } from "yaml";
import type { CoordinatorOptions } from "../../coordinator/index.ts";
import { ConfigError, writeFileDurably } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import { readBaseDigest } from "../base-digest.ts";
import { checkTls } from "../check-tls.ts";
import { dashboardOptions } from "../dashboard.ts";
import { clientTls, serverTls } from "../local/tls.ts";
import { parseYaml, readRunConfig, readText } from "../read-run-config.ts";
import { assertMayResume } from "../resume-config.ts";
import { coordinatorSettings } from "../role-settings.ts";
import type { RunConfig } from "../run-config.ts";
import { openPodFolder } from "../run-folder.ts";
import type { Tell } from "./join-run.ts";
import { parseListen } from "./parse-listen.ts";
import { type ScalerGiven, scalerPort } from "./scaler-port.ts";
import { readSecretsFolder } from "./secrets-folder.ts";

/** What `fleet coordinator --run …` is given. */
export interface PodCoordinatorGiven extends ScalerGiven {
  /** The person's run.yaml. */
  readonly config: string;
  readonly run: string;
  /** Folder of the run's folder. */
  readonly data: string;
  /** Folder of the secrets. */
  readonly secrets: string;
  readonly nats: string;
  /** `host:port` */
  readonly listen: string;
  /** Where workers reach nats-server, if not where this process does. */
  readonly advertiseNats?: string;
  /** The model's file on this host, if not where run.yaml says. */
  readonly gguf?: string;
  /** `host:port` of the dashboard; none when left out. */
  readonly dashboard?: string;
  /** SHA-256 of the training base, where its file is not on this host. */
  readonly base?: string;
}

/**
 * What a coordinator is told that shares no folder with the run's other processes. It starts the run or goes on with it,
 * whichever its ledger says, and stays up when the run is over.
 *
 * @throws {ConfigError | RunFolderError | TlsFileError} in one sentence
 */
export async function podCoordinatorOptions(
  given: PodCoordinatorGiven,
  logger: Logger,
  tell: Tell,
): Promise<CoordinatorOptions> {
  await refuseLocal(given.config);
  const written = await readRunConfig(given.config);
  const config =
    given.gguf === undefined
      ? written
      : { ...written, model: { ...written.model, gguf: resolve(given.gguf) } };
  assertTlsFiles(config.tls, given.config);
  await checkTls(config.tls);
  const secrets = await readSecretsFolder(given.secrets);
  const folder = await openPodFolder(given.data, given.run);
  const { host, port } = parseListen("--listen", given.listen);
  const wasStarted = (await folder.endpoints()).coordinator !== undefined; // Known once its ledger was open.
  if (wasStarted) assertMayResume(await readRunConfig(folder.config), config);
  await writeFileDurably(folder.config, stringify(config));
  return {
    run: given.run,
    resume: true,
    wasStarted,
    staysUp: true,
    ...coordinatorSettings(config),
    base: given.base ?? (await readBaseDigest(folder, config.model.gguf)),
    ...(await scalerPort(given)),
    nats: {
      url: given.nats,
      ...(given.advertiseNats !== undefined && { advertisedUrl: given.advertiseNats }),
      users: secrets.users,
      tls: await clientTls(folder, config.tls),
    },
    listen: { host, port, token: secrets.token, tls: serverTls(folder, config.tls) },
    onListening: (bound) => folder.recordEndpoints({ coordinator: { host, port: bound } }),
    dashboard:
      given.dashboard === undefined
        ? null
        : await dashboardOptions(folder, config, secrets.token, given.dashboard),
    archive: folder.archive,
    summary: folder.summary,
    logger,
    telemetry: await tell({ run: given.run, name: "coordinator", config: config.telemetry }),
  };
}

/** @throws {ConfigError} when the file says what runs on one machine, which is somebody else's to say here */
async function refuseLocal(file: string): Promise<void> {
  const values = parseYaml(await readText(file, "a run.yaml"), file);
  if (typeof values !== "object" || values === null || !("local" in values)) return;
  throw new ConfigError(
    `${file} has a section "local", which is for "fleet train" on one machine: leave it out, and start workers with "fleet worker --join"`,
  );
}

/** @throws {ConfigError} when certificates are wanted and not named: no other host would have those made here */
function assertTlsFiles({ mode, ca }: RunConfig["tls"], file: string): void {
  if (mode === "off" || ca !== undefined) return;
  throw new ConfigError(
    `${file} has tls.mode ${mode} and names no files: on several hosts tls.ca, tls.certificate, tls.key and those of the clients must be named`,
  );
}
