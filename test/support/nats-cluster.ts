import { pause, withDeadline } from "../../core/index.ts";
import type { NatsLink } from "../../transport/index.ts";
import { type BareServer, freePort, openBareServer } from "./bare-server.ts";

const SERVERS = 3;
const DEADLINE_MS = 40_000;

/** Three nats-servers that are one cluster. */
export interface NatsCluster extends AsyncDisposable {
  readonly servers: readonly BareServer[];
  /** Of all of them, as a link takes them. */
  readonly url: string;
}

/** @param configOf - what a server whose data is in `folder` says beside its name, its ports and its cluster */
export async function openNatsCluster(configOf: (folder: string) => string): Promise<NatsCluster> {
  await using opening = new AsyncDisposableStack();
  const ports = await Promise.all(Array.from({ length: SERVERS }, freePort));
  const routes = ports.map((port) => `"nats-route://127.0.0.1:${port}"`).join(", ");
  const servers: BareServer[] = [];
  for (const [i, port] of ports.entries()) {
    const cluster = `cluster { name: fleet, listen: "127.0.0.1:${port}", routes: [${routes}] }`;
    const config = (folder: string) => `${cluster}\n${configOf(folder)}`;
    servers.push(opening.use(await openBareServer(`n${i}`, config)));
  }
  const open = opening.move();
  return {
    servers,
    url: servers.map(({ url }) => url).join(","),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** The server that leads a stream. */
export async function leaderOf(
  { servers }: NatsCluster,
  link: NatsLink,
  stream: string,
): Promise<BareServer> {
  const { cluster } = await link.manager.streams.info(stream);
  const leader = servers.find(({ name }) => name === cluster?.leader);
  if (leader === undefined) throw new Error(`no server is called "${cluster?.leader}"`);
  return leader;
}

/** Waits until a stream has a leader and every replica has what it has. */
export async function untilWhole(link: NatsLink, stream: string): Promise<void> {
  await until(`every replica of ${stream} to be current`, async () => {
    const { cluster } = await link.manager.streams.info(stream);
    const current = (cluster?.replicas ?? []).filter((replica) => replica.current && !replica.offline);
    return Boolean(cluster?.leader) && current.length === SERVERS - 1;
  });
}

/** What fails is asked again. */
export async function until(name: string, holds: () => Promise<boolean>): Promise<void> {
  const over = new AbortController();
  const looking = (async () => {
    while (!over.signal.aborted && !(await holds().catch(() => false))) await pause(50);
  })();
  await withDeadline(name, DEADLINE_MS, looking).finally(() => over.abort());
}
