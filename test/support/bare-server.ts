import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pause, withDeadline } from "../../core/index.ts";
import { findNatsServer, type NatsLinkOptions, openNats } from "../../transport/index.ts";

/** A nats-server whose whole configuration the test writes. */
export interface BareServer extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** Ends it as SIGKILL does. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and data. */
  restart(): void;
}

const START_DEADLINE_MS = 20_000;
const USER = { user: "coordinator", password: "secret" };

/** What `openNats` needs to reach servers of {@link userLines}. */
export function linkOptions(url: string, name = "test"): NatsLinkOptions {
  return { url, ...USER, name };
}

/** One user that may do everything; `lendsReport` lets it ask how the server's storage is set up. */
export function userLines(lendsReport: boolean): string {
  const report = "$SYS.REQ.SERVER.PING.VARZ";
  const exported = lendsReport ? `exports: [{ service: "${report}", response_type: stream }]` : "";
  const imported = lendsReport ? `imports: [{ service: { account: SYS, subject: "${report}" } }]` : "";
  const users = `users: [{ user: "${USER.user}", password: "${USER.password}" }]`;
  return `system_account: SYS\naccounts { SYS { ${exported} }, A { jetstream: enabled\n ${imported}\n ${users} } }`;
}

/** Starts a server of that configuration; its data is in a folder of its own, gone when disposed of. */
export async function openBareServer(
  name: string,
  configOf: (folder: string) => string,
): Promise<BareServer> {
  const { path } = await findNatsServer();
  const folder = await mkdtemp(join(tmpdir(), "fleet-bare-"));
  const port = await freePort();
  const config = join(folder, "nats.conf");
  await writeFile(config, `server_name: ${name}\nlisten: "127.0.0.1:${port}"\n${configOf(folder)}\n`);
  const start = () => spawn(path, ["-c", config], { stdio: "ignore" });
  let server: ChildProcess = start();
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  };
  return {
    name,
    url: `nats://127.0.0.1:${port}`,
    kill,
    restart: () => {
      server = start();
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the server answers its user. */
export async function untilAnswers({ name, url }: BareServer): Promise<void> {
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      const link = await openNats(linkOptions(url)).catch(() => null);
      if (link !== null) return await link[Symbol.asyncDispose]();
      await pause(50);
    }
  })();
  await withDeadline(`server ${name} to answer`, START_DEADLINE_MS, asking).finally(() => over.abort());
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
