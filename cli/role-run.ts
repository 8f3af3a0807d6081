import { basename, dirname } from "node:path";
import type { CoordinatorOptions } from "../coordinator/index.ts";
import { ConfigError } from "../core/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { UpdaterOptions } from "../updater/index.ts";
import type { WorkerOptions } from "../workers/index.ts";
import { readBaseDigest } from "./base-digest.ts";
import { dashboardOptions } from "./dashboard.ts";
import { readSecrets } from "./local/secrets.ts";
import { clientTls, serverTls } from "./local/tls.ts";
import { poolModel } from "./pool-model.ts";
import { readRunConfig } from "./read-run-config.ts";
import { coordinatorSettings, updaterSettings } from "./role-settings.ts";
import type { RunConfig } from "./run-config.ts";
import { RunFolder } from "./run-folder.ts";

const LOOPBACK = "127.0.0.1";

/** Where a worker dials, if not where the run's other processes do. */
export interface WorkerAddresses {
  /** `host:port` of the coordinator. */
  readonly coordinator?: string;
  /** URL of nats-server. */
  readonly nats?: string;
}

/** A run as one of its processes sees it: the resolved configuration and what each role is told of it. */
export interface RoleRun {
  readonly id: string;
  readonly config: RunConfig;
  /** @param dashboard - `host:port` of its dashboard; loopback with a port of the run's own unless given */
  coordinatorOptions(resume: boolean, logger: Logger, dashboard?: string): Promise<CoordinatorOptions>;
  workerOptions(name: string, pool: number, addresses: WorkerAddresses, logger: Logger): WorkerOptions;
  updaterOptions(logger: Logger): UpdaterOptions;
}

/**
 * Reads what a role process needs from the folder of its run.
 *
 * @param file - the resolved `run.yaml` in that folder
 */
export async function openRoleRun(file: string): Promise<RoleRun> {
  const config = await readRunConfig(file);
  const folder = new RunFolder(dirname(dirname(file)), basename(dirname(file)));
  const secrets = await readSecrets(folder);
  const endpoints = await folder.endpoints();
  const tls = await clientTls(folder, config.tls);
  const coordinator = () => {
    if (endpoints.coordinator === undefined) {
      throw new ConfigError(`the coordinator of run ${folder.id} has not started: start it first`);
    }
    const { host, port } = endpoints.coordinator;
    return { address: `${host}:${port}`, token: secrets.token, tls };
  };

  return {
    id: folder.id,
    config,
    coordinatorOptions: async (resume, logger, dashboard) => {
      if (endpoints.nats === undefined) {
        throw new ConfigError(`the nats-server of run ${folder.id} has not started: start it first`);
      }
      return {
        run: folder.id,
        resume,
        ...coordinatorSettings(config),
        base: await readBaseDigest(folder, config.model.gguf),
        nats: { url: endpoints.nats.url, users: secrets.users, tls },
        listen: {
          host: LOOPBACK,
          port: endpoints.coordinator?.port ?? 0,
          token: secrets.token,
          tls: serverTls(folder, config.tls),
        },
        onListening: (port: number) => folder.recordEndpoints({ coordinator: { host: LOOPBACK, port } }),
        dashboard: await dashboardOptions(folder, config, secrets.token, dashboard),
        archive: folder.archive,
        summary: folder.summary,
        logger,
      };
    },
    workerOptions: (name, pool, { coordinator: address, nats }, logger) => {
      const { device, threads, slots, variant } = poolOf(config, pool);
      return {
        name,
        pool: String(pool),
        coordinator: address === undefined ? coordinator() : { address, token: secrets.token, tls },
        ...(nats !== undefined && { natsUrl: nats }),
        model: poolModel(config, variant),
        device,
        slots,
        threads,
        config: config.worker,
        spool: folder.spool(name),
        logger,
      };
    },
    updaterOptions: (logger) => ({
      run: folder.id,
      ...updaterSettings(config),
      coordinator: coordinator(),
      gguf: config.model.gguf,
      ...config.local.updater,
      folder: folder.checkpoints,
      log: logger,
    }),
  };
}

function poolOf(config: RunConfig, pool: number): RunConfig["local"]["workers"][number] {
  const found = config.local.workers[pool];
  if (found !== undefined) return found;
  throw new ConfigError(
    `there is no pool ${pool}: local.workers lists ${config.local.workers.length}, counted from 0`,
  );
}
