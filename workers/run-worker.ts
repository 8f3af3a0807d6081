import { dispositionOf, type Shutdown, systemClock } from "../core/index.ts";
import {
  DecodingConfig,
  type Device,
  type ModelConfig,
  type ModelInfo,
  openEngine,
  readModelInfo,
  settleDecoding,
  type ToldDecoding,
} from "../llama/index.ts";
import { type Logger, noTelemetry, type Telemetry } from "../telemetry/index.ts";
import { type ClientTls, openFleetClient } from "../transport/index.ts";
import { assertLikeBase, variantOf } from "./base-check.ts";
import { openCollector } from "./collector.ts";
import type { WorkerConfig } from "./config.ts";
import { runEngineLife } from "./engine-life.ts";
import { keepEngine } from "./keep-engine.ts";
import type { WorkerLinks } from "./links.ts";
import { observeWorker } from "./observe-worker.ts";
import { openRewardPool } from "./reward-pool.ts";
import { createRoom, type Limits } from "./room.ts";
import { openRunLink } from "./run-link.ts";
import { openSpool, type Spool } from "./spool.ts";

/** What one worker needs to know. */
export interface WorkerOptions {
  readonly coordinator: {
    /** `host:port` */
    readonly address: string;
    /** The run's token. */
    readonly token: string;
    /** For both links. Null or left out: plain text. */
    readonly tls?: ClientTls | null;
  };
  /** Where nats-server is to be dialled; left out: where the coordinator says. */
  readonly natsUrl?: string;
  /** The JetStream domain that has the run, where nats-server is a leaf of the run's; left out: the server's own. */
  readonly natsDomain?: string;
  /** Unique in the run. */
  readonly name: string;
  /** Which pool of workers it is of; left out: none. */
  readonly pool?: string;
  readonly model: ModelConfig;
  readonly device: Device;
  /** Sequences decoded at once, 1 to 100. */
  readonly slots: number;
  /** ggml's threads. */
  readonly threads: number;
  readonly config: WorkerConfig;
  /** Folder of this worker alone, for what memory cannot hold while the coordinator is away; null: memory only. */
  readonly spool: string | null;
  readonly logger: Logger;
  /** Left out: nobody asks. */
  readonly telemetry?: Telemetry;
}

const MEGABYTE = 1_000_000;
const MEBIBYTE = 2 ** 20;

/**
 * Runs one worker. Resolves after `shutdown.stop`, once every lease is handed over or released and everything opened
 * here is closed; `shutdown.abandon` lets go of what is left.
 *
 * What is cheap and may be wrong comes first (address, token, model file, digest, NATS), the engine last.
 *
 * @throws FleetErrors: "reject" for what a person has to set right, "fatal" when this worker cannot go on
 */
export async function runWorker(options: WorkerOptions, shutdown: Shutdown): Promise<void> {
  try {
    await joinAndWork(options, shutdown);
  } catch (error) {
    const wanted = shutdown.stop.aborted && dispositionOf(error) === "cancelled";
    if (!wanted) throw error;
  }
}

async function joinAndWork(options: WorkerOptions, { stop, abandon }: Shutdown): Promise<void> {
  const { name, model, config, logger, telemetry = noTelemetry } = options;
  const { health } = telemetry;
  await using client = openFleetClient({ ...options.coordinator, name });
  const joined = await client.connect("worker", { signal: stop });
  const { baseDigest } = joined;
  const info = await readModelInfo(model.gguf);
  const variant = variantOf(model, info.digest, baseDigest);
  await assertLikeBase(variant, info, client, stop);
  const decoding = await settle(options, info, stop);
  const { natsUrl = joined.natsUrl, natsDomain } = options;
  await using run = await openRunLink(
    { ...joined, natsUrl },
    {
      tls: options.coordinator.tls ?? null,
      ...(natsDomain !== undefined && { domain: natsDomain }),
      name,
      logger,
    },
  );
  await using rewards = openRewardPool({ threads: config.rewardThreads, timeoutMs: config.rewardTimeoutMs });
  const limits = limitsOf(options);
  const spool = await spoolOf(options);
  await using collector = openCollector({
    open: client.collect,
    worker: name,
    memoryBytes: limits.heldBytes,
    spool,
    logger,
    onLess: () => room.lessHeld(),
    onLink: (trouble) => health.lacks("coordinator", trouble),
  });
  const observer = observeWorker({
    metrics: telemetry.metrics,
    slots: options.slots,
    heldBytes: () => collector.heldBytes,
    spooledBytes: () => spool?.bytes ?? 0,
  });
  const room = createRoom(limits, () => collector.heldBytes, observer.load);
  letGo(abandon, collector, rewards);

  const links: WorkerLinks = {
    ...run,
    lease: async (address, traceparent) => {
      const asked = { ...address, run: joined.run, worker: name };
      const answer = await client.lease(asked, { traceparent });
      health.lacks("coordinator", null);
      return answer;
    },
    collector,
    rewards,
  };
  const { pool = "", slots } = options;
  const life = {
    links,
    room,
    run: joined.run,
    config,
    name,
    pool,
    slots,
    variant,
    base: baseDigest,
    logger,
    telemetry,
    observer,
  };
  const ending = AbortSignal.any([stop, collector.refused]);
  await keepEngine(
    {
      open: () =>
        openEngine({
          ...{ ...model, decoding, base: baseDigest },
          ...{ device: options.device, slots, threads: options.threads },
        }),
      live: (engine) => runEngineLife(engine, life, ending),
      restart: config.engineRestart,
      onDeath: observer.engineDied,
      clock: systemClock,
      logger,
    },
    ending,
  );
  collector.refused.throwIfAborted();
}

/** How its engine decodes; `exact` leaves nothing to decide. */
async function settle(options: WorkerOptions, info: ModelInfo, stop: AbortSignal): Promise<ToldDecoding> {
  const { model, device, slots, threads, logger } = options;
  if (model.exact) return DecodingConfig.parse({});
  const place = { gguf: model.gguf, model: info, device, slots, threads };
  const { decoding, known } = await settleDecoding(model.decoding, place, stop);
  const { flashAttention, cells, repacked } = decoding;
  if (known !== "told") logger.info("decoding settings", { flashAttention, cells, repacked, known });
  return decoding;
}

/** Closes what a worker may still be waiting for once `abandon` aborts. */
function letGo(abandon: AbortSignal, ...waitedFor: readonly AsyncDisposable[]): void {
  abandon.addEventListener("abort", () => {
    for (const link of waitedFor) void link[Symbol.asyncDispose]();
  });
}

function limitsOf({ slots, config }: WorkerOptions): Limits {
  const heldBytes = config.unacknowledgedMegabytes * MEGABYTE;
  return { slots, liveGroups: config.liveGroups, heldBytes };
}

async function spoolOf({ spool: folder, config, logger }: WorkerOptions): Promise<Spool | null> {
  if (folder === null) return null;
  const spool = await openSpool({ folder, bytesAtMost: config.spoolMiB * MEBIBYTE, logger });
  const { length: messages } = spool.found;
  if (messages > 0) logger.info("an earlier worker's messages go first", { messages, bytes: spool.bytes });
  return spool;
}
