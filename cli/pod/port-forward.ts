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
  /** Rejects with a {@link ClusterUnreachableError} once the way is gone, as when the coordinator's pod is. */
  readonly lost: Promise<never>;
}

/** kubectl is not there, or does not find what it is asked for. */
export class ClusterUnreachableError extends FleetError {
  readonly code = "cli.cluster_unreachable";
  readonly disposition = "reject";
}

/** Of the chart's Service and Secret. */
const PORTS = { grpc: 7000, dashboard: 7001 };
const serviceOf = (release: string) => `${release}-coordinator`;
const secretOf = (release: string) => `${release}-secrets`;
const READY_DEADLINE_MS = 20_000;
const MOST_SAID = 4_096;

/**
 * Reads a run's token from its Secret, and forwards a port of this machine to its coordinator, by kubectl.
 *
 * @param to - which of the coordinator's ports
 * @throws {ClusterUnreachableError} with kubectl's own words
 */
export async function openForward(choice: ReleaseChoice, to: keyof typeof PORTS): Promise<Forward> {
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
    [...where, "port-forward", "--address", "127.0.0.1", `service/${serviceOf(release)}`, `:${PORTS[to]}`],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const lost = endOf(child);
  lost.catch(() => {}); // Whoever does not wait for it need not hear of it.
  try {
    const port = await withDeadline(
      `kubectl to forward a port to ${serviceOf(release)}`,
      READY_DEADLINE_MS,
      Promise.race([portOf(child), lost]),
    );
    return { address: `127.0.0.1:${port}`, token, lost, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** The port that kubectl says it forwards. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let printed = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk;
      const port = /127\.0\.0\.1:(\d+) ->/.exec(printed)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

/** Never resolves: kubectl forwards until it ends. */
async function endOf(child: ChildProcess): Promise<never> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-MOST_SAID);
  });
  await once(child, "exit").catch((cause: unknown) => {
    throw missing(cause as Error);
  });
  throw new ClusterUnreachableError(`kubectl port-forward ended: ${lastLine(said)}`);
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

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) || "it said nothing";
}
