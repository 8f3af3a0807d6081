import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FleetError, pause, withDeadline } from "../../core/index.ts";
import type { ServerTls } from "../tls/tls.ts";
import { serverConfig } from "./config-file.ts";
import type { GuardianMessage } from "./guardian-message.ts";
import { roomFor } from "./room-for.ts";
import type { NatsRole, NatsUser } from "./users.ts";

/** nats-server did not start. The message says why. */
class NatsServerFailedError extends FleetError {
  readonly code = "transport.nats_server_failed";
  readonly disposition = "reject";
}

/** What {@link startNatsServer} needs. */
export interface NatsServerOptions {
  /** The server's binary, as `findNatsServer` found it. */
  readonly binary: string;
  /** Where the server keeps its data; made when missing. */
  readonly folder: string;
  /** File that its log is appended to. */
  readonly log: string;
  /** 0: one that the system picks. */
  readonly port: number;
  /** Most that the streams may take on the disk; by default nine tenths of what the disk has for them. */
  readonly storeBytes?: number;
  readonly run: string;
  readonly users: Readonly<Record<NatsRole, NatsUser>>;
  /** Null or left out: plain text. */
  readonly tls?: ServerTls | null;
}

/** A running nats-server. It ends when disposed of, and when this process ends, however that happens. */
export interface NatsServer extends AsyncDisposable {
  /** For clients on this machine. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when it has ended, with how; never rejects. */
  readonly exited: Promise<string>;
}

const GUARDIAN = fileURLToPath(new URL("guardian-process.ts", import.meta.url));
/** Recovery of large streams takes its time. */
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 20;

/**
 * Starts nats-server on the loopback interface, with one user per role and the rights that the role needs.
 *
 * @throws {NatsServerFailedError} when the port is in use, the folder cannot be written, or the server ends at once
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const folder = resolve(options.folder);
  const configFile = join(folder, "nats-server.conf");
  const portsFolder = join(folder, "ports");
  await rm(portsFolder, { recursive: true, force: true }); // A killed server left its own.
  await mkdir(portsFolder, { recursive: true, mode: 0o700 });
  const storeBytes = options.storeBytes ?? (await roomFor(folder));
  const config = serverConfig({ ...options, storeFolder: folder, storeBytes, portsFolder });
  await writeFile(configFile, config, { mode: 0o600 });
  const logFrom = await sizeOf(options.log);

  const guardian = fork(GUARDIAN, [options.binary, configFile, options.log], {
    detached: true,
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const gone = once(guardian, "exit");
  const life = follow(guardian, gone);
  const stop = async () => {
    if (guardian.connected) guardian.disconnect();
    await withDeadline("nats-server to end", STOP_DEADLINE_MS, gone).catch(() => guardian.kill("SIGKILL"));
    for (const path of [configFile, portsFolder]) await rm(path, { recursive: true, force: true });
  };

  try {
    const pid = await life.spawned;
    const portsFile = join(portsFolder, `${basename(options.binary)}_${pid}.ports`);
    const reading = readPort(portsFile, life.ended);
    const port = await withDeadline("nats-server to listen", START_DEADLINE_MS, reading);
    if (port === null) throw await failureOf(await life.exited, options, logFrom);
    const url = `${options.tls ? "tls" : "nats"}://127.0.0.1:${port}`;
    return { url, port, pid, exited: life.exited, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the guardian reports of its server. */
function follow(guardian: ChildProcess, gone: Promise<unknown>) {
  const spawned = Promise.withResolvers<number>();
  const exited = Promise.withResolvers<string>();
  const ended = new AbortController();
  const end = (how: string) => {
    exited.resolve(how);
    spawned.reject(new NatsServerFailedError(`nats-server cannot be started: ${how}`));
    ended.abort();
  };
  guardian.on("message", (message: GuardianMessage) => {
    if (message.kind === "spawned") spawned.resolve(message.pid);
    else end(message.how);
  });
  guardian.on("error", (error) => end(error.message));
  gone.then(
    () => end("stopped"),
    () => {}, // The "error" event has it.
  );
  spawned.promise.catch(() => {}); // Awaited first thing; by then it may have been rejected.
  return { spawned: spawned.promise, exited: exited.promise, ended: ended.signal };
}

/** Waits for the file in which the server says where it listens; null when the server ended first. */
async function readPort(portsFile: string, ended: AbortSignal): Promise<number | null> {
  while (!ended.aborted) {
    const port = await readFile(portsFile, "utf8").then(parsePort, () => null);
    if (port !== null) return port;
    await pause(POLL_MS, ended);
  }
  return null;
}

/** The server writes the file in one go, but a reader may still come between. */
function parsePort(text: string): number | null {
  const url = /"nats":\["(?:nats|tls):\/\/[^"]*:(\d+)"/.exec(text);
  return url ? Number(url[1]) : null;
}

async function failureOf(how: string, { port, log }: NatsServerOptions, logFrom: number) {
  const text = (await readFile(log).catch(() => Buffer.alloc(0))).subarray(logFrom).toString();
  if (text.includes("address already in use")) {
    return new NatsServerFailedError(`port ${port} on 127.0.0.1 is in use by another process`);
  }
  const why = text.match(/\[(?:FTL|ERR)\] (.*)/)?.[1] ?? text.trim().split("\n").at(-1);
  return new NatsServerFailedError(`nats-server ended at once (${how}): ${why || "it said nothing"}`);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
