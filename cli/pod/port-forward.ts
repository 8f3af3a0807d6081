import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { FleetError, withDeadline } from "../../core/index.ts";

/** A run in a cluster, as Helm knows it. */
export interface ReleaseChoice {
  /** Name of the release, which is the run's. */
  readonly release: string;
  /** Of the kubeconfig; the current one when left out. */
  readonly context?: string;
  /** The context's own when left out. */
  readonly namespace?: string;
}

/** A way to a coordinator in a cluster. Disposing of it closes it. */
export interface Forward extends AsyncDisposable {
  /** `host:port` on this machine. */
  readonly address: string;
  /** The run's token. */
  readonly token: string;
}

/** kubectl is not there, or does not find what it is asked for. */
export class ClusterUnreachableError extends FleetError {
  readonly code = "cli.cluster_unreachable";
  readonly disposition = "reject";
}

/** Of the chart's Service and Secret. */
const GRPC_PORT = 7000;
const serviceOf = (release: string) => `${release}-coordinator`;
const secretOf = (release: string) => `${release}-secrets`;
const READY_DEADLINE_MS = 20_000;

/**
 * Reads a run's token from its Secret, and forwards a port of this machine to its coordinator, by kubectl.
 *
 * @throws {ClusterUnreachableError} with kubectl's own words
 */
export async function openForward(choice: ReleaseChoice): Promise<Forward> {
  const { release, context, namespace } = choice;
  const where = [
    ...(context === undefined ? [] : ["--context", context]),
    ...(namespace === undefined ? [] : ["--namespace", namespace]),
  ];
  const secret = ["get", "secret", secretOf(release), "-o", "jsonpath={.data.token}"];
  const token = Buffer.from(await kubectl([...where, ...secret]), "base64").toString();
  if (token === "")
    throw new ClusterUnreachableError(
      `the Secret ${secretOf(release)} has no token: is ${release} a release of this chart?`,
    );
  const child = spawn(
    "kubectl",
    [...where, "port-forward", "--address", "127.0.0.1", `service/${serviceOf(release)}`, `:${GRPC_PORT}`],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  try {
    const port = await withDeadline(
      `kubectl to forward a port to ${serviceOf(release)}`,
      READY_DEADLINE_MS,
      portOf(child),
    );
    return { address: `127.0.0.1:${port}`, token, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** The port that kubectl says it forwards. */
async function portOf(child: ChildProcess): Promise<number> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const gone = once(child, "exit").then(() => {
    throw new ClusterUnreachableError(`kubectl port-forward ended: ${firstLine(said)}`);
  });
  const failed = once(child, "error").then(([cause]) => {
    throw missing(cause as Error);
  });
  const ready = new Promise<number>((resolve) => {
    let printed = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk;
      const port = /127\.0\.0\.1:(\d+) ->/.exec(printed)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
  for (const late of [gone, failed]) late.catch(() => {}); // After the port is known it ends when it is told to.
  return Promise.race([ready, gone, failed]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill();
  await exited;
}

function kubectl(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("kubectl", args, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      reject(
        isMissing
          ? missing(error)
          : new ClusterUnreachableError(`kubectl says: ${firstLine(stderr)}`, { cause: error }),
      );
    });
  });
}

function missing(cause: Error): ClusterUnreachableError {
  return new ClusterUnreachableError(
    "kubectl is not on the PATH: --release needs it, to reach the run in its cluster",
    { cause },
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] || "nothing";
}
