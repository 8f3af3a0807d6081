import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { FleetError, pause } from "../../core/index.ts";

/** The version that is built where none is found. */
export const NATS_SERVER_VERSION = "2.15.2";

/** nats-server could not be built. */
class NatsServerBuildError extends FleetError {
  readonly code = "transport.nats_server_not_built";
  readonly disposition = "reject";
}

const MODULE = `github.com/nats-io/nats-server/v2@v${NATS_SERVER_VERSION}`;
const BUILD_DEADLINE_MS = 900_000;
const POLL_MS = 500;

/**
 * Builds nats-server into `folder` with the Go toolchain on the PATH; Go's checksum database vouches for the source.
 * Of several processes one builds, the others wait for it.
 *
 * @throws {NatsServerBuildError} when there is no Go, or the build fails
 */
export async function buildServer(folder: string, environment: Readonly<NodeJS.ProcessEnv>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await using lock = await openLock(join(folder, "nats-server.lock"));
  if (lock.waited) return; // The other one has built it, or said why not.
  const scratch = await mkdtemp(join(folder, "building-"));
  try {
    await promisify(execFile)("go", ["install", MODULE], {
      env: { ...environment, GOBIN: scratch, CGO_ENABLED: "0" },
      timeout: BUILD_DEADLINE_MS,
    });
    await rename(join(scratch, "nats-server"), join(folder, "nats-server"));
  } catch (cause) {
    throw new NatsServerBuildError(describe(cause), { cause });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function describe(cause: unknown): string {
  const { code, stderr } = cause as { code?: string | number; stderr?: string };
  if (code === "ENOENT") {
    return "nats-server is not installed and there is no Go to build it with: put nats-server 2.14 or newer on the PATH, or name it in NATS_SERVER_BIN";
  }
  const lastLine = stderr?.trim().split("\n").at(-1);
  return `go install ${MODULE} failed: ${lastLine || String(cause)}`;
}

/**
 * A lock that one process holds, by a file that names it. The lock of a process that is gone is taken over; two that do
 * so at the same moment both build, which costs time and nothing else, since the result is renamed into place.
 */
async function openLock(path: string): Promise<AsyncDisposable & { readonly waited: boolean }> {
  const giveUpAt = performance.now() + BUILD_DEADLINE_MS;
  for (let waited = false; performance.now() < giveUpAt; waited = true) {
    const file = await open(path, "wx").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return null;
      throw new NatsServerBuildError(`${path} cannot be written: ${error.message}`, { cause: error });
    });
    if (file !== null) {
      await file.writeFile(String(process.pid));
      await file.close();
      return { waited, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    }
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await pause(POLL_MS);
  }
  throw new NatsServerBuildError(
    `waited ${BUILD_DEADLINE_MS} ms for another process to build nats-server (${path})`,
  );
}

async function isAbandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, "utf8").catch(() => ""));
  if (pid === 0) return false; // Just being made, or just gone.
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
