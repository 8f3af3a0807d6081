import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, FleetError } from "../../core/index.ts";
import { buildServer, NATS_SERVER_VERSION } from "./build-server.ts";

/** There is no nats-server that can be used. The message says what would help. */
export class NatsServerMissingError extends FleetError {
  readonly code = "transport.nats_server_missing";
  readonly disposition = "reject";
}

/** A nats-server on this machine. */
export interface FoundNatsServer {
  readonly path: string;
  /** Such as "2.15.2". */
  readonly version: string;
}

/** Where to look, and whom to tell. */
export interface FindOptions {
  /** `NATS_SERVER_BIN`, `PATH`, `XDG_CACHE_HOME`; by default this process's. */
  readonly environment?: Readonly<NodeJS.ProcessEnv>;
  /** Told in one line what takes long. */
  readonly onProgress?: (line: string) => void;
}

/** First version whose streams and consumers know all that is asked of them. */
const OLDEST = { major: 2, minor: 14 } as const;
const VERSION_DEADLINE_MS = 10_000;

/**
 * Finds nats-server: at `NATS_SERVER_BIN`, else on the PATH, else in the cache folder, else builds it there once. One
 * on the PATH that is too old is passed over; one that `NATS_SERVER_BIN` names is an error.
 *
 * @throws {NatsServerMissingError} when there is none and none can be made
 */
export async function findNatsServer(options: FindOptions = {}): Promise<FoundNatsServer> {
  const { environment = process.env, onProgress = () => {} } = options;
  const named = environment["NATS_SERVER_BIN"];
  if (named) return required(named, `NATS_SERVER_BIN names ${named}`);

  const onPath = await firstOf((environment["PATH"] ?? "").split(delimiter).map(binaryIn));
  if (onPath !== null) {
    const version = await versionOf(onPath);
    if (isNewEnough(version)) return { path: onPath, version };
    onProgress(`passing over ${onPath}: ${tooOld(version)}`);
  }

  const folder = cacheFolder("bin", environment);
  const cached = binaryIn(folder);
  if (!isNewEnough(await versionOf(cached))) {
    onProgress(`building nats-server ${NATS_SERVER_VERSION} into ${folder}, once; about a minute`);
    await buildServer(folder, environment);
  }
  return required(cached, `${cached} was built`);
}

async function required(path: string, whence: string): Promise<FoundNatsServer> {
  const version = await versionOf(path);
  if (isNewEnough(version)) return { path, version };
  throw new NatsServerMissingError(
    `${whence}, ${version === "" ? "which is no nats-server" : `but ${tooOld(version)}`}`,
  );
}

function tooOld(version: string): string {
  return `version ${version || "unknown"} is older than ${OLDEST.major}.${OLDEST.minor}, which is needed`;
}

/** What `--version` says; empty when the file is missing, cannot be run, or is something else. */
async function versionOf(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: VERSION_DEADLINE_MS });
    return /nats-server: v(\d+\.\d+\.\S+)/.exec(stdout)?.[1] ?? "";
  } catch {
    return "";
  }
}

/** Whether a version of nats-server, such as "2.15.2", knows all that is asked of it. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

function binaryIn(folder: string): string {
  return join(folder, "nats-server");
}

async function firstOf(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return null;
}
