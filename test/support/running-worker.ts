import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { CancelledError, createRandom, readConfig } from "../../core/index.ts";
import { encodeAdapter, ModelConfig, readModelInfo } from "../../llama/index.ts";
import type { PolicyRef, TaskInit } from "../../proto/index.ts";
import {
  createPresence,
  createTaskPublisher,
  encodeTask,
  type FleetServer,
  type NatsLink,
  openAdapterStore,
  openPolicyPointer,
  type Presence,
  serveFleet,
} from "../../transport/index.ts";
import { runWorker, WorkerConfig } from "../../workers/index.ts";
import { beginUpload } from "./arriving-adapter.ts";
import { openTestNats } from "./nats.ts";
import { openProxy } from "./proxy.ts";
import { scriptCoordinator } from "./scripted-coordinator.ts";
import { silentLogger } from "./silent-logger.ts";
import { writeTinyModel } from "./tiny-model.ts";

/** Short enough that a test sees a lease end, long enough for a busy machine. */
const TERM_MS = 3_000;
const ACK_WAIT_MS = 3_600;
const CONTEXT_TOKENS = 4_096;
const HOST = "127.0.0.1";

/** A worker that runs in this process, its engine in a child. */
export interface RunningWorker {
  /** Asks it to stop, as SIGTERM does; resolves when everything it opened is closed. */
  stop(): Promise<void>;
  /** Lets go of what it could not hand over since, as when its time to drain is over. */
  abandon(): void;
  /** Resolves or rejects as `runWorker` does. */
  readonly ended: Promise<void>;
  /** What it logged of the life of its tasks. */
  readonly details: readonly string[];
}

/** What matters about a task. */
interface IssueOptions {
  readonly lane?: string;
  readonly policy?: PolicyRef;
  readonly maxTokens?: number;
  readonly temperature?: number;
}

/**
 * A run with a real nats-server, real gRPC and a tiny real model, whose coordinator the test plays. Disposing stops the
 * workers first.
 */
export async function openScriptedRun() {
  const run = "test";
  await using opening = new AsyncDisposableStack();
  const nats = opening.use(await openTestNats({ run, streams: { ackWaitMs: ACK_WAIT_MS } }));
  const toNats = opening.use(await openProxy(Number(new URL(nats.url).port)));
  const gguf = join(nats.folder, "tiny.gguf");
  await writeTinyModel(gguf, { contextTokens: CONTEXT_TOKENS });
  const { digest } = await readModelInfo(gguf);
  const link = await nats.link("coordinator");
  const publisher = createTaskPublisher(link, run);
  const [adapters, pointer] = await Promise.all([openAdapterStore(link, run), openPolicyPointer(link, run)]);
  const { user, password } = nats.secrets.users.worker;
  const coordinator = scriptCoordinator({
    joining: {
      run,
      natsUrl: `nats://${HOST}:${toNats.port}`,
      natsUser: user,
      natsPassword: password,
      baseDigest: digest,
      runJson: "{}",
    },
    termMs: TERM_MS,
    publish: (task, dispatch) =>
      publisher.publish(
        { lane: task.lane ?? "", variant: "base", task: task.task ?? "", dispatch },
        encodeTask(task),
      ),
  });
  const presence = createPresence(link, run);
  const serve = (port: number) =>
    serveFleet({ host: HOST, port, token: nats.secrets.token, handlers: coordinator.handlers, graceMs: 200 });
  let server: FleetServer = await serve(0);
  const { port } = server;
  opening.defer(() => server[Symbol.asyncDispose]());
  const workers: RunningWorker[] = [];
  const adapterBytes = new Map<string, Uint8Array>();
  opening.defer(async () => {
    await Promise.all(workers.map((worker) => worker.stop().catch(() => {})));
  });
  const open = opening.move();

  return {
    coordinator,
    nats,
    /** Between workers and nats-server. */
    toNats,
    presence,
    /** What is in the workers' queue. */
    queued: publisher.list,
    /** Waits until a worker's presence says that it decodes. */
    busy: (name: string) =>
      expect.poll(() => busySlotsOf(presence, name), { timeout: 15_000 }).toBeGreaterThan(0),
    /** Waits until a worker's presence says that it decodes nothing. */
    idle: (name: string) => expect.poll(() => busySlotsOf(presence, name), { timeout: 15_000 }).toBe(0),
    /** Starts a worker; `config` has keys of its section, `model` may be another than the run's. */
    startWorker: (
      name: string,
      config: object = {},
      { model = gguf, exact = true }: { readonly model?: string; readonly exact?: boolean } = {},
    ): RunningWorker => {
      const stop = new AbortController();
      const abandon = new AbortController();
      const details: string[] = [];
      const ended = runWorker(
        {
          coordinator: { address: `${HOST}:${port}`, token: nats.secrets.token },
          name,
          model: ModelConfig.parse({
            gguf: model,
            template: "raw",
            contextTokens: CONTEXT_TOKENS,
            exact,
          }),
          device: "cpu",
          slots: 4,
          threads: 1,
          config: readConfig(WorkerConfig, { presenceMs: 100, policyPollMs: 500, ...config }, "the test"),
          spool: null,
          logger: { ...silentLogger, debug: (event) => void details.push(event) },
        },
        { stop: stop.signal, abandon: abandon.signal },
      );
      ended.catch(() => {}); // Looked at by the test.
      const worker = {
        ended,
        details,
        stop: () => {
          stop.abort(new CancelledError("received SIGTERM"));
          return ended;
        },
        abandon: () => abandon.abort(new CancelledError("still busy")),
      };
      workers.push(worker);
      return worker;
    },
    /** Issues a task whose prompt is `prompt`. */
    issue: (task: string, samples: readonly number[], how: IssueOptions = {}) =>
      coordinator.issue(taskThat(task, how), samples, how.policy ?? { version: 0, adapter: "" }),
    /** Makes a policy available and points at it. */
    publishPolicy: async (version: number): Promise<PolicyRef> => {
      const bytes = adapterOf(digest, version);
      const adapter = digestOf(bytes);
      adapterBytes.set(adapter, bytes);
      await adapters.put(adapter, bytes);
      await pointer.set({ version, adapter, base: digest });
      return { version, adapter };
    },
    /** Begins to upload a policy's adapter, as an updater does through the coordinator; nothing points at it. */
    beginUpload: (version: number) => beginUpload(link, run, adapterOf(digest, version)),
    /** A policy as `publishPolicy` will make it. */
    unpublishedPolicy: (version: number): PolicyRef => ({
      version,
      adapter: digestOf(adapterOf(digest, version)),
    }),
    /** Deletes a policy's adapter. */
    dropPolicy: ({ adapter = "" }: PolicyRef) => adapters.delete(adapter),
    /** Replaces a stored adapter's bytes, behind the back of whoever looks at what the store says of it. */
    harmPolicy: ({ adapter = "" }: PolicyRef, harm: (bytes: Uint8Array) => Uint8Array) =>
      harmObject(link, `ADAPTERS_${run}`, adapter, harm(adapterBytes.get(adapter) ?? new Uint8Array())),
    /** Ends the coordinator's server as a crash of it would look from outside. */
    leave: () => server[Symbol.asyncDispose](),
    comeBack: async () => {
      server = await serve(port);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Process ids of the engines of this process's workers. */
export async function engines(): Promise<number[]> {
  const children = await readFile(`/proc/self/task/${process.pid}/children`, "utf8");
  const pids = children.split(" ").filter((word) => word !== "");
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return pids.filter((_, i) => commands[i]?.includes("llama/decoding/engine-process.ts")).map(Number);
}

/** Ends the engines of this process's workers as lack of memory would; returns their process ids. */
export async function killEngines(): Promise<number[]> {
  const pids = await engines();
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids;
}

async function busySlotsOf(presence: Presence, name: string): Promise<number | undefined> {
  return (await presence.list()).find((worker) => worker.name === name)?.busySlots;
}

/** Lets the entry of an object lead to other bytes. */
async function harmObject(link: NatsLink, bucket: string, name: string, bytes: Uint8Array): Promise<void> {
  const padded = Buffer.from(name).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
  const subject = `$O.${bucket}.M.${padded}`;
  const entry = await link.manager.streams.getMessage(`OBJ_${bucket}`, { last_by_subj: subject });
  if (entry === null) throw new Error(`there is no ${name} to harm`);
  await link.stream.publish(`$O.${bucket}.C.harmed`, bytes);
  await link.stream.publish(
    subject,
    JSON.stringify({ ...entry.json<Record<string, unknown>>(), nuid: "harmed", chunks: 1 }),
  );
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A LoRA on one projection of the tiny model, another one for each version. */
function adapterOf(base: string, version: number): Uint8Array {
  const next = createRandom(`adapter ${version}`);
  const matrix = (name: string, rows: number, columns: number) => ({
    name: `blk.0.attn_q.weight.${name}`,
    rows,
    columns,
    values: Float32Array.from({ length: rows * columns }, () => next() - 0.5),
  });
  return encodeAdapter({ base, alpha: 4, tensors: [matrix("lora_a", 2, 64), matrix("lora_b", 64, 2)] });
}

function taskThat(task: string, { lane = "train", maxTokens = 24, temperature = 1 }: IssueOptions) {
  return {
    run: "test",
    lane,
    variant: "base",
    task,
    instance: `instance of ${task}`,
    messages: [{ role: "user", content: "the quick brown fox" }],
    sampling: { temperature, topP: 1, maxTokens },
    reward: { name: "swe-rl", optionsJson: "{}" },
    reference: { files: { "a.py": "x = 1\n" }, oracle: [{ path: "a.py", content: "x = 2\n" }] },
    seed: "42",
  } satisfies TaskInit;
}
