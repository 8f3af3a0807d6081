import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ClientTls,
  createRunSecrets,
  createRunStreams,
  findNatsServer,
  type NatsLink,
  type NatsRole,
  type NatsServer,
  openNats,
  type RunSecrets,
  type RunStreamOptions,
  type ServerTls,
  startNatsServer,
} from "../../transport/index.ts";

/** A real nats-server in a temporary folder, and links to it, all gone when disposed of. */
export interface TestNats extends AsyncDisposable {
  readonly run: string;
  readonly secrets: RunSecrets;
  /** Of the server that runs now; the same after `restart`. */
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  /** A new connection as a role; closed with the server at the latest. */
  link(role: NatsRole): Promise<NatsLink>;
  /** Ends the server as SIGKILL would. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data; with room for `storeBytes` where given. */
  restart(storeBytes?: number): Promise<void>;
}

/** What a test may choose. */
export interface TestNatsOptions {
  readonly run?: string;
  /** Also makes the run's streams, with these settings over short ones; false: makes none. */
  readonly streams?: Partial<RunStreamOptions> | false;
  /** Most that the streams may take. */
  readonly storeBytes?: number;
  /** How the server's end of its links is secured, and how this end's is. */
  readonly tls?: { readonly server: ServerTls; readonly client: ClientTls };
}

const STREAMS: RunStreamOptions = {
  lanes: ["train", "eval"],
  variants: ["base"],
  ackWaitMs: 2_000,
  presenceTtlMs: 5_000,
};

/** Starts a server. The first call on a machine without nats-server builds one, which takes a minute. */
export async function openTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const { run = "test", streams = {}, storeBytes, tls } = options;
  const { path: binary } = await findNatsServer();
  const folder = await mkdtemp(join(tmpdir(), "fleet-nats-"));
  const secrets = createRunSecrets();
  const links: NatsLink[] = [];
  const start = (port: number, most = storeBytes) =>
    startNatsServer({
      binary,
      folder: join(folder, "nats"),
      log: join(folder, "nats.log"),
      port,
      run,
      users: secrets.users,
      ...(most !== undefined && { storeBytes: most }),
      tls: tls?.server ?? null,
    });
  let server: NatsServer = await start(0);
  const { port } = server;

  const link = async (role: NatsRole) => {
    const opened = await openNats({
      url: server.url,
      ...secrets.users[role],
      tls: tls?.client ?? null,
      name: `test ${role}`,
    });
    links.push(opened);
    return opened;
  };
  if (streams !== false) {
    const coordinator = await link("coordinator");
    await createRunStreams(coordinator, run, { ...STREAMS, ...streams });
  }

  return {
    run,
    secrets,
    folder,
    get url() {
      return server.url;
    },
    get pid() {
      return server.pid;
    },
    link,
    kill: async () => {
      process.kill(server.pid, "SIGKILL");
      await server.exited;
      await server[Symbol.asyncDispose]();
    },
    restart: async (most) => {
      server = await start(port, most);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(links.map((opened) => opened[Symbol.asyncDispose]()));
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
