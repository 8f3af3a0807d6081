import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { FleetError, withDeadline } from "../../core/index.ts";
import type { ClientTls } from "../../transport/index.ts";

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
  /** What its servers are believed by, and what they are shown; null where they speak in plain text. */
  readonly tls: ClientTls | null;
  /** Rejects with a {@link ClusterUnreachableError} once the way is gone, as when the coordinator's pod is. */
  readonly lost: Promise<never>;
}

/** kubectl is not there, or does not find what it is asked for. */
export class ClusterUnreachableError extends FleetError {
  readonly code = "cli.cluster_unreachable";
  readonly disposition = "reject";
}

/** Of the chart's Service. */
const PORTS = { grpc: 7000, dashboard: 7001 };
const coordinatorOf = (release: string) => `${release}-coordinator`;
/** Of the coordinator's pod, each of a Secret. */
const VOLUMES = { secrets: "secrets", server: "tls", client: "client-tls" };
const READY_DEADLINE_MS = 20_000;
const MOST_SAID = 4_096;

/**
 * Reads what a run's Secrets have for a client, and forwards a port of this machine to its coordinator, by kubectl.
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
  const secrets = await readSecrets(release, where);
  const child = spawn(
    "kubectl",
    [
      ...where,
      "port-forward",
      "--address",
      "127.0.0.1",
      `service/${coordinatorOf(release)}`,
      `:${PORTS[to]}`,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const lost = endOf(child);
  lost.catch(() => {}); // Whoever does not wait for it need not hear of it.
  try {
    const port = await withDeadline(
      `kubectl to forward a port to ${coordinatorOf(release)}`,
      READY_DEADLINE_MS,
      Promise.race([portOf(child), lost]),
    );
    return { address: `127.0.0.1:${port}`, ...secrets, lost, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** The run's token and certificates, from the Secrets that its coordinator's pod has. */
async function readSecrets(
  release: string,
  where: readonly string[],
): Promise<Pick<Forward, "token" | "tls">> {
  const object = ["get", "statefulset", coordinatorOf(release), "-o", "json"];
  const { spec } = StatefulSet.parse(JSON.parse(await kubectl([...where, ...object])));
  const nameOf = (volume: string) =>
    spec.template.spec.volumes.find(({ name }) => name === volume)?.secret?.secretName;
  const read = async (volume: string): Promise<Readonly<Record<string, string>>> => {
    const name = nameOf(volume);
    if (name === undefined) return {};
    const { data } = Secret.parse(JSON.parse(await kubectl([...where, "get", "secret", name, "-o", "json"])));
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
  };
  const { token } = await read(VOLUMES.secrets);
  if (token === undefined)
    throw new ClusterUnreachableError(
      `the Secret ${nameOf(VOLUMES.secrets) ?? "of the coordinator"} has no token: is ${release} a release of this chart?`,
    );
  const { "ca.crt": ca } = await read(VOLUMES.server);
  const { "tls.crt": certificate, "tls.key": key } = await read(VOLUMES.client);
  const identity = certificate === undefined || key === undefined ? null : { certificate, key };
  return { token, tls: ca === undefined ? null : { ca, identity } };
}

const StatefulSet = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        volumes: z.array(
          z.object({ name: z.string(), secret: z.object({ secretName: z.string() }).optional() }),
        ),
      }),
    }),
  }),
});

const Secret = z.object({ data: z.record(z.string(), z.string()).default({}) });

/** The port that kubectl says it forwards. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let printed = "";
    const read = (chunk: Buffer) => {
      printed += chunk;
      const port = /127\.0\.0\.1:(\d+) ->/.exec(printed)?.[1];
      if (port === undefined) return;
      child.stdout?.off("data", read).resume(); // A line for each connection follows.
      resolve(Number(port));
    };
    child.stdout?.on("data", read);
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
