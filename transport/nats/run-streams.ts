import { isDeepStrictEqual } from "node:util";
import {
  AckPolicy,
  type ConsumerConfig,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { FleetError } from "../../core/index.ts";
import { StreamMissingError } from "./errors.ts";
import type { NatsLink } from "./link.ts";
import { kvStream, objectStream, runNames, taskConsumer } from "./names.ts";

/** A stream is not what was asked for: an older server ignored a setting, or somebody changed it. */
export class StreamConfigError extends FleetError {
  readonly code = "transport.stream_config";
  readonly disposition = "fatal";
}

/** What a run's streams depend on. */
export interface RunStreamOptions {
  readonly lanes: readonly string[];
  readonly variants: readonly string[];
  /** An unacknowledged task is delivered again after this time without a sign of life, in milliseconds. */
  readonly ackWaitMs: number;
  /** A worker that has not announced itself for this long is gone, in milliseconds. */
  readonly presenceTtlMs: number;
  /** Copies of each stream; 1 unless nats-server runs as a cluster. */
  readonly replicas?: number;
  /** Most that the rollouts take, in MiB; null or left out: unbounded. */
  readonly rolloutsMiB?: number | null;
}

/** Largest rollout that is stored, in bytes. */
export const MAX_ROLLOUT_BYTES = 768 * 1024;
const HEADER_BYTES = 4 * 1024;
const MIB = 2 ** 20;
const UNBOUNDED = -1;
/** Within this time a message sent twice is stored once. */
const DUPLICATE_WINDOW_MS = 120_000;
/** For the whole fleet; nats-server's own 1,000 and 512 would leave workers beyond them without work and without an error. */
const MAX_ACK_PENDING = 50_000;
const MAX_WAITING_PULLS = 20_000;

/** Settings that must come back from the server as they were sent. */
type Wanted<Config> = Partial<Config> & { readonly name: string };

/**
 * Makes a run's streams, buckets and consumers where they are missing, and checks those that are there. Idempotent; a
 * consumer's wait and the bound of the rollouts may change between two starts of a run.
 *
 * @throws {StreamConfigError} naming the setting that is not as asked
 */
export async function createRunStreams(
  link: NatsLink,
  run: string,
  options: RunStreamOptions,
): Promise<void> {
  assertEnoughServers(link, options.replicas ?? 1);
  for (const stream of streamsOf(run, options)) await ensureStream(link, stream);
  await ensureConsumers(link, run, options);
}

/**
 * Makes again what was deleted under a running run, of what can be made again: all but the ledger and the rollouts that
 * it names. What was in them is to be put back by whoever knows it.
 *
 * @returns the streams that were missing
 * @throws {StreamConfigError}
 */
export async function repairRunStreams(
  link: NatsLink,
  run: string,
  options: RunStreamOptions,
): Promise<string[]> {
  const { ledger, rollouts, tasks } = runNames(run);
  const made: string[] = [];
  for (const stream of streamsOf(run, options)) {
    if (stream.name === ledger.stream || stream.name === rollouts.stream) continue;
    if (await ensureStream(link, stream)) made.push(stream.name);
  }
  if (made.includes(tasks.stream)) await ensureConsumers(link, run, options);
  return made;
}

function assertEnoughServers(link: NatsLink, replicas: number): void {
  const { info } = link.connection;
  if (replicas === 1 || info?.cluster !== undefined) return;
  throw new StreamConfigError(
    `storage.replicas is ${replicas}, and nats-server ${info?.server_name ?? ""} is a single one: put 1, or let at least ${replicas} servers be a cluster`,
  );
}

async function ensureConsumers(link: NatsLink, run: string, options: RunStreamOptions): Promise<void> {
  const { stream } = runNames(run).tasks;
  for (const lane of options.lanes) {
    for (const variant of options.variants) {
      await ensureConsumer(link, stream, consumerOf(run, lane, variant, options));
    }
  }
}

function streamsOf(run: string, options: RunStreamOptions): Wanted<StreamConfig>[] {
  const { ledger, rollouts, tasks, policy, workers, adapters, instances, snapshots } = runNames(run);
  const common = { discard: DiscardPolicy.New, num_replicas: options.replicas ?? 1 };
  const file = { ...common, storage: StorageType.File };
  const window = { duplicate_window: nanos(DUPLICATE_WINDOW_MS) };
  return [
    {
      ...file,
      name: ledger.stream,
      subjects: [ledger.subject],
      retention: RetentionPolicy.Limits,
      deny_delete: true,
      deny_purge: true,
    },
    {
      ...file,
      ...window,
      name: rollouts.stream,
      subjects: [rollouts.subject],
      retention: RetentionPolicy.Limits,
      allow_direct: true,
      max_bytes: options.rolloutsMiB ? options.rolloutsMiB * MIB : UNBOUNDED,
      max_msg_size: MAX_ROLLOUT_BYTES + HEADER_BYTES,
    },
    {
      ...file,
      ...window,
      name: tasks.stream,
      subjects: [`${tasks.subject}.>`],
      retention: RetentionPolicy.Workqueue,
    },
    { ...file, ...bucket(policy) },
    {
      ...common,
      ...bucket(workers),
      storage: StorageType.Memory,
      max_age: nanos(options.presenceTtlMs),
      duplicate_window: nanos(Math.min(options.presenceTtlMs, DUPLICATE_WINDOW_MS)),
    },
    { ...file, ...store(adapters) },
    { ...file, ...store(instances) },
    { ...file, ...store(snapshots) },
  ];
}

/** A KV bucket as its clients expect it (ADR-8 of nats-architecture-and-design). */
function bucket(name: string) {
  return {
    name: kvStream(name),
    subjects: [`$KV.${name}.>`],
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    allow_direct: true,
    deny_delete: true,
  };
}

/** An object store as its clients expect it (ADR-20). */
function store(name: string) {
  return {
    name: objectStream(name),
    subjects: [`$O.${name}.C.>`, `$O.${name}.M.>`],
    allow_rollup_hdrs: true,
    allow_direct: true,
  };
}

function consumerOf(
  run: string,
  lane: string,
  variant: string,
  options: RunStreamOptions,
): Wanted<ConsumerConfig> {
  const name = taskConsumer(lane, variant);
  return {
    name,
    durable_name: name,
    filter_subject: `${runNames(run).tasks.subject}.${lane}.${variant}.>`,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(options.ackWaitMs),
    max_deliver: -1,
    max_ack_pending: MAX_ACK_PENDING,
    max_waiting: MAX_WAITING_PULLS,
  };
}

/** @returns whether it was missing */
async function ensureStream(link: NatsLink, wanted: Wanted<StreamConfig>): Promise<boolean> {
  const name = `stream ${wanted.name}`;
  const { streams } = link.manager;
  const present = await orMissing(link.ask(name, () => streams.info(wanted.name)));
  const { max_bytes = UNBOUNDED } = wanted;
  const isAsBounded = max_bytes === present?.config.max_bytes;
  const make = () =>
    present === null ? streams.add({ ...wanted }) : streams.update(wanted.name, { max_bytes });
  const { config } = present !== null && isAsBounded ? present : await link.ask(name, make);
  assertEchoed(name, wanted, config);
  return present === null;
}

async function ensureConsumer(link: NatsLink, stream: string, wanted: Wanted<ConsumerConfig>): Promise<void> {
  const name = `consumer ${wanted.name} of ${stream}`;
  const { consumers } = link.manager;
  const present = await orMissing(link.ask(name, () => consumers.info(stream, wanted.name)));
  const make = () =>
    present === null
      ? consumers.add(stream, { ...wanted })
      : consumers.update(stream, wanted.name, { ...wanted });
  const { config } = await link.ask(name, make);
  assertEchoed(name, wanted, config);
}

/** What is there, null when it is not. */
export async function orMissing<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof StreamMissingError) return null;
    throw error;
  }
}

function assertEchoed(name: string, wanted: object, echoed: object): void {
  const actual = new Map<string, unknown>(Object.entries(echoed));
  for (const [key, value] of Object.entries(wanted)) {
    if (isDeepStrictEqual(actual.get(key), value)) continue;
    const found = JSON.stringify(actual.get(key));
    throw new StreamConfigError(
      `${name} has ${key} ${found ?? "unset"} where ${JSON.stringify(value)} was asked for`,
    );
  }
}
