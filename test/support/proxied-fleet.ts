import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { expect } from "vitest";
import { readConfig } from "../../core/index.ts";
import { ModelConfig, readModelInfo } from "../../llama/index.ts";
import type { LaneBalance } from "../../proto/index.ts";
import type { FleetClient } from "../../transport/index.ts";
import { WorkerConfig } from "../../workers/index.ts";
import {
  type CoordinatedRun,
  type CoordinatedRunOptions,
  openCoordinatedRun,
  type StartedCoordinator,
} from "./coordinated-run.ts";
import { endProcess } from "./end-process.ts";
import { openProxy, type TcpProxy } from "./proxy.ts";
import { openTemporaryFolder } from "./temporary-folder.ts";
import { writeTinyModel } from "./tiny-model.ts";
import type { WorkerOrder } from "./worker-process.ts";

const HOST = "127.0.0.1";
const CONTEXT_TOKENS = 2_048;
const START_DEADLINE_MS = 60_000;
const END_DEADLINE_MS = 30_000;
/**
 * A value that differs between replies, so that groups have a signal. Where there is a file of the worker's name it holds
 * the replies that may be scored; the others wait until the file is gone.
 */
const REWARD = `
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const at = (what) => new URL(what + "-" + process.env.WORKER, import.meta.url);
let scored = 0;

export default async ({ reply }) => {
  writeFileSync(at("scoring"), "");
  while (existsSync(at("held")) && scored >= Number(readFileSync(at("held")))) await sleep(20);
  scored += 1;
  return (reply.length % 11) / 10;
};
`;

/** A worker with an engine, each a process of its own. */
export interface WorkerProcess {
  readonly name: string;
  /** Ends it as SIGKILL does; its engine follows. */
  kill(): Promise<void>;
  /** Stops and goes on, as SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** Asks it to stop. */
  stop(): Promise<void>;
}

/** A real run of processes. The worker "w1" has a bad network; the others reach everything directly. */
export interface ProxiedFleet extends AsyncDisposable {
  readonly run: CoordinatedRun;
  /** Between w1 and the coordinator. */
  readonly toCoordinator: TcpProxy;
  /** Between w1 and nats-server. */
  readonly toNats: TcpProxy;
  /** A worker's replies are not scored until `letScore`, but for the first `free` ones of each process. */
  holdScores(name: string, free?: number): Promise<void>;
  letScore(name: string): Promise<void>;
  /** Waits until a worker scores a reply, so that it has a lease. */
  scoring(name: string): Promise<void>;
  /** The books of training. */
  balance(): Promise<LaneBalance>;
  /** Folder of a worker's spool. */
  spoolOf(name: string): string;
  /** Starts the coordinator, or another one after it, in a process of its own. */
  startCoordinator(how?: { readonly resume?: boolean }): Promise<StartedCoordinator>;
  startWorker(name: string, config?: object): WorkerProcess;
}

/** Opens a run whose workers decode a tiny model. */
export async function openProxiedFleet(options: CoordinatedRunOptions): Promise<ProxiedFleet> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await openTemporaryFolder());
  const gguf = folder.file("tiny.gguf");
  await writeTinyModel(gguf, { contextTokens: CONTEXT_TOKENS });
  await writeFile(folder.file("reward.mjs"), REWARD);
  const { digest } = await readModelInfo(gguf);
  let proxyOfNats: TcpProxy | undefined;
  const run = opening.use(
    await openCoordinatedRun({
      base: digest,
      reward: {
        components: [{ kind: "module", name: "length", weight: 1, path: folder.file("reward.mjs") }],
      },
      natsThrough: async (port) => {
        proxyOfNats = await openProxy(port, (greeting) => greeting.includes('"name":"w1"'));
        return proxyOfNats.port;
      },
      ...options,
    }),
  );
  const toNats = proxyOfNats as TcpProxy; // `openCoordinatedRun` has asked for it.
  opening.use(toNats);
  const toCoordinator = opening.use(await openProxy(0));
  const children: ChildProcess[] = [];
  let port = 0;
  let cli: FleetClient | undefined;
  opening.defer(async () => {
    await Promise.all(children.map((child) => end(child, "SIGKILL")));
  });
  const open = opening.move();
  const spoolOf = (name: string) => folder.file(`spool-${name}`);

  return {
    run,
    toCoordinator,
    toNats,
    holdScores: (name, free = 0) => writeFile(folder.file(`held-${name}`), String(free)),
    letScore: (name) => rm(folder.file(`held-${name}`)),
    scoring: (name) =>
      expect
        .poll(() => existsSync(folder.file(`scoring-${name}`)), { timeout: START_DEADLINE_MS, interval: 20 })
        .toBe(true),
    balance: async () => {
      cli ??= run.client("cli");
      const { balances } = await cli.status();
      return balances.find(({ lane }) => lane === "train") as LaneBalance;
    },
    spoolOf,
    startCoordinator: async (how) => {
      const started = await run.start({ child: true, ...how });
      toCoordinator.leadTo(started.port);
      port = started.port;
      cli = undefined;
      return started;
    },
    startWorker: (name, config = {}) => {
      const child = fork(new URL("worker-process.ts", import.meta.url), {
        execArgv: [],
        env: { ...process.env, WORKER: name },
      });
      children.push(child);
      child.send({
        coordinator: { address: `${HOST}:${name === "w1" ? toCoordinator.port : port}`, token: run.token },
        name,
        model: ModelConfig.parse({ gguf, template: "raw", contextTokens: CONTEXT_TOKENS, exact: true }),
        device: "cpu",
        slots: 4,
        threads: 1,
        config: readConfig(WorkerConfig, { presenceMs: 200, policyPollMs: 500, ...config }, "the test"),
        spool: spoolOf(name),
      } satisfies WorkerOrder);
      return {
        name,
        kill: () => end(child, "SIGKILL"),
        freeze: () => void child.kill("SIGSTOP"),
        thaw: () => void child.kill("SIGCONT"),
        stop: () => end(child, "SIGTERM"),
      };
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return endProcess(child, signal, "a worker's process", END_DEADLINE_MS);
}
