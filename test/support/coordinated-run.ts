import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  BatchConfig,
  type CoordinatorOptions,
  coordinatorEnvironment,
  DatasetConfig,
  EvalConfig,
  LeaseConfig,
  runCoordinator,
  SamplingConfig,
  ScalingConfig,
  StorageConfig,
  type Summary,
} from "../../coordinator/index.ts";
import { CancelledError, gracefully, withDeadline } from "../../core/index.ts";
import { RewardConfig } from "../../rewards/index.ts";
import { type FleetClient, openFleetClient } from "../../transport/index.ts";
import type { CoordinatorLoad, CoordinatorMessage, CoordinatorOrder } from "./coordinator-process.ts";
import { endProcess } from "./end-process.ts";
import { openTestNats, type TestNats } from "./nats.ts";
import { silentLogger } from "./silent-logger.ts";

const RUN = "test";
const HOST = "127.0.0.1";
const START_DEADLINE_MS = 30_000;
const END_DEADLINE_MS = 20_000;

/** What a test says of its run; the rest is small. */
export interface CoordinatedRunOptions {
  readonly steps?: number;
  readonly instances?: number;
  readonly heldOut?: number;
  readonly batch?: Partial<BatchConfig>;
  readonly ackWaitMs?: number;
  /** Most that nats-server may store. */
  readonly storeBytes?: number;
  readonly storage?: Partial<StorageConfig>;
  readonly scaling?: object;
  /** Folder of the archive; one of the run's own else. */
  readonly archive?: string;
  readonly maxTokens?: number;
  readonly reward?: object;
  /** SHA-256 of the model, for workers that have one. */
  readonly base?: string;
  /** Puts something between everybody and nats-server; gives the port to dial. */
  readonly natsThrough?: (port: number) => Promise<number>;
}

/** A real coordinator, in this process or in a child that can be killed. */
export interface StartedCoordinator {
  readonly port: number;
  /** Resolves or rejects as `runCoordinator` does; a killed child's never settles. */
  readonly ended: Promise<void>;
  /** Stops it in order. */
  stop(): Promise<void>;
  /** Ends a child as SIGKILL does. */
  kill(): Promise<void>;
  /** What serving costs a child. */
  load(): Promise<CoordinatorLoad>;
}

/** A run on a real nats-server, with a dataset, whose coordinator comes and goes. */
export interface CoordinatedRun extends AsyncDisposable {
  readonly run: string;
  readonly token: string;
  readonly archive: string;
  readonly nats: TestNats;
  /** Samples of a batch. */
  readonly batchSamples: number;
  start(how?: {
    readonly resume?: boolean;
    readonly steps?: number;
    readonly storage?: StorageConfig;
    readonly base?: string;
    readonly child?: boolean;
    /** One that the system picks unless given. */
    readonly port?: number;
  }): Promise<StartedCoordinator>;
  /** A client of the coordinator that was started last, closed with the run at the latest. */
  client(name: string, token?: string): FleetClient;
  summary(): Promise<Summary>;
}

export async function openCoordinatedRun(given: CoordinatedRunOptions = {}): Promise<CoordinatedRun> {
  const { steps = 2, instances = 8, heldOut = 0, batch = {}, ackWaitMs = 20_000 } = given;
  const {
    maxTokens = 16,
    reward = {},
    storage = {},
    scaling = {},
    base = "b0",
    natsThrough = async (port) => port,
  } = given;
  await using opening = new AsyncDisposableStack();
  const nats = opening.use(await openTestNats({ ...given, run: RUN, streams: false }));
  const path = (name: string) => join(nats.folder, name);
  await writeInstances(path("train.jsonl"), "i", instances);
  await writeInstances(path("held-out.jsonl"), "h", Math.max(1, heldOut));
  const { token, users } = nats.secrets;
  const natsPort = await natsThrough(Number(new URL(nats.url).port));
  const started: StartedCoordinator[] = [];
  const clients: FleetClient[] = [];
  const parts: CoordinatorOrder = {
    run: RUN,
    resume: false,
    seed: 7,
    steps,
    base,
    dataset: DatasetConfig.parse({ train: [path("train.jsonl")], prompt: "raw" }),
    batch: BatchConfig.parse({ prompts: 2, group: 2, staleness: 1, ...batch }),
    sampling: SamplingConfig.parse({ maxTokens }),
    contextTokens: 512,
    eval: EvalConfig.parse(heldOut > 0 ? { dataset: [path("held-out.jsonl")], tasks: heldOut } : {}),
    leases: LeaseConfig.parse({ ackWaitMs }),
    storage: StorageConfig.parse(storage),
    scaling: ScalingConfig.parse(scaling),
    reward: RewardConfig.parse(reward),
    runJson: "{}",
    nats: { url: `nats://${HOST}:${natsPort}`, users },
    listen: { host: HOST, port: 0, token },
    archive: given.archive ?? path("archive"),
    summary: path("summary.json"),
  };
  const open = opening.move();

  return {
    run: RUN,
    token,
    archive: parts.archive,
    nats,
    batchSamples: parts.batch.prompts * parts.batch.group,
    start: async ({ child = false, port = 0, ...how } = {}) => {
      const listen = { ...parts.listen, port };
      const coordinator = await (child ? startChild : startHere)({ ...parts, listen, ...how });
      started.push(coordinator);
      return coordinator;
    },
    client: (name, clientToken = token) => {
      const client = openFleetClient({
        address: `${HOST}:${started.at(-1)?.port}`,
        token: clientToken,
        name,
      });
      clients.push(client);
      return client;
    },
    summary: async () => JSON.parse(await readFile(parts.summary, "utf8")) as Summary,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
      await Promise.all(started.map((coordinator) => coordinator.stop()));
      await open.disposeAsync();
    },
  };
}

async function startHere(order: CoordinatorOrder): Promise<StartedCoordinator> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<number>();
  const options: CoordinatorOptions = {
    ...order,
    onListening: async (port) => listening.resolve(port),
    logger: silentLogger,
  };
  const ended = runCoordinator(options, gracefully(stop.signal, 5_000));
  ended.catch(listening.reject);
  const port = await withDeadline("the coordinator to listen", START_DEADLINE_MS, listening.promise);
  return {
    port,
    ended,
    stop: async () => {
      stop.abort(new CancelledError("the test is over"));
      await withDeadline(
        "the coordinator to end",
        END_DEADLINE_MS,
        ended.catch(() => {}),
      );
    },
    kill: () => Promise.reject(new Error("only a child can be killed")),
    load: () => Promise.reject(new Error("only a child can be measured")),
  };
}

async function startChild(order: CoordinatorOrder): Promise<StartedCoordinator> {
  const child = fork(new URL("coordinator-process.ts", import.meta.url), {
    execArgv: [],
    env: { ...process.env, ...coordinatorEnvironment() },
  });
  const listening = Promise.withResolvers<number>();
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(listening.reject);
  child.on("message", ({ port, failure, isOver }: CoordinatorMessage) => {
    if (port !== undefined) listening.resolve(port);
    if (failure !== undefined) ended.reject(new Error(failure));
    if (isOver) ended.resolve();
  });
  child.send(order);
  const port = await withDeadline("the coordinator to listen", START_DEADLINE_MS, listening.promise);
  return {
    port,
    ended: ended.promise,
    stop: () => endProcess(child, "SIGTERM", "the coordinator's process", END_DEADLINE_MS),
    kill: () => endProcess(child, "SIGKILL", "the coordinator's process", END_DEADLINE_MS),
    load: () => loadOf(child),
  };
}

async function loadOf(child: ChildProcess): Promise<CoordinatorLoad> {
  child.send("load");
  while (true) {
    const heard = once(child, "message") as Promise<[CoordinatorMessage]>;
    const [{ load }] = await withDeadline("a coordinator's load", END_DEADLINE_MS, heard);
    if (load !== undefined) return load;
  }
}

async function writeInstances(path: string, prefix: string, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id: `${prefix}${i}`,
      issue: `issue ${i}`,
      files: { "a.py": "a = 1\n" },
      oracle: { "a.py": "a = 2\n" },
    }),
  );
  await writeFile(path, `${lines.join("\n")}\n`);
}
