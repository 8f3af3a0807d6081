import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { type KeptNatsServer, keepNatsServer } from "../../cli/local/index.ts";
import { dispositionOf, pause, withDeadline } from "../../core/index.ts";
import {
  createLedgerLog,
  createRunSecrets,
  createRunStreams,
  findNatsServer,
  type NatsLink,
  type NatsServer,
  openNats,
  startNatsServer,
} from "../../transport/index.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";

const RUN = "kept";

describe("a local run's nats-server", { timeout: 60_000 }, () => {
  it("that ends by itself is started again on its port and data, and whoever is connected goes on", async () => {
    await using local = await openLocal();
    const ledger = createLedgerLog(local.link, RUN);
    expect(await ledger.append(Buffer.from("before"), 0)).toBe(1);

    await local.kill();

    await local.said(1);
    expect(await appendUntilThere(() => ledger.append(Buffer.from("after"), 1))).toBe(2);
    expect(local.lines).toEqual([
      `nats-server ended by itself (SIGKILL) and is started again; its log is ${local.log}`,
    ]);
    expect(new Set(local.servers.map(({ port }) => port)).size).toBe(1);
  });

  it("is given up after more than five ends in a minute", async () => {
    await using local = await openLocal();

    for (let end = 1; end <= 5; end++) {
      await local.kill();
      await local.said(end);
      await local.started(end + 1);
    }
    await local.kill();

    await expect(withDeadline("the end", 20_000, local.kept.failed)).rejects.toThrow(
      `nats-server ended by itself more than 5 times in a minute, the last time by SIGKILL; its log is ${local.log}`,
    );
  });

  it("whose port somebody else took meanwhile ends the run, and says why", async () => {
    await using local = await openLocal();
    const { port } = local.kept;
    const thief = createServer();
    local.beforeStart = async () => {
      thief.listen(port, "127.0.0.1");
      await once(thief, "listening");
    };

    await local.kill();

    await expect(withDeadline("the end", 20_000, local.kept.failed)).rejects.toThrow(
      `nats-server ended by itself (SIGKILL) and does not start again: port ${port} on 127.0.0.1 is in use by another process; its log is ${local.log}`,
    );
    thief.close();
  });

  it("that is stopped is not started again", async () => {
    await using local = await openLocal();

    await local.kept[Symbol.asyncDispose]();

    expect(local.lines).toEqual([]);
    expect(local.servers).toHaveLength(1);
  });
});

interface Local extends AsyncDisposable {
  readonly kept: KeptNatsServer;
  readonly link: NatsLink;
  readonly log: string;
  /** What was said. */
  readonly lines: readonly string[];
  /** Every server that was started, in order. */
  readonly servers: readonly NatsServer[];
  /** Ends the one that runs as SIGKILL does. */
  kill(): Promise<void>;
  /** Waits for so many lines. */
  said(count: number): Promise<void>;
  /** Waits for so many servers. */
  started(count: number): Promise<void>;
  /** Done before the next start. */
  beforeStart: () => Promise<void>;
}

async function openLocal(): Promise<Local> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await openTemporaryFolder());
  const { path: binary } = await findNatsServer();
  const { users } = createRunSecrets();
  const lines: string[] = [];
  const servers: NatsServer[] = [];
  const log = folder.file("nats.log");
  const kept = opening.use(
    await keepNatsServer({
      start: async (port) => {
        if (port !== 0) await local.beforeStart();
        const server = await startNatsServer({
          binary,
          folder: folder.file("nats"),
          log,
          port,
          run: RUN,
          users,
        });
        servers.push(server);
        return server;
      },
      port: 0,
      log,
      folder: folder.file("nats"),
      say: (line) => void lines.push(line),
    }),
  );
  const link = opening.use(await openNats({ url: kept.url, ...users.coordinator, name: "test" }));
  await createRunStreams(link, RUN, STREAMS);
  const open = opening.move();

  const local: Local = {
    kept,
    link,
    log,
    lines,
    servers,
    beforeStart: async () => {},
    kill: async () => {
      const server = servers.at(-1);
      process.kill(server?.pid ?? 0, "SIGKILL");
      await server?.exited;
    },
    said: (count) => untilMany(lines, count),
    started: (count) => untilMany(servers, count),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
  return local;
}

async function untilMany(list: readonly unknown[], count: number): Promise<void> {
  const over = new AbortController();
  const looking = (async () => {
    while (list.length < count && !over.signal.aborted) await pause(10);
  })();
  await withDeadline(`${count} of them`, 20_000, looking).finally(() => over.abort());
}

/** An append waits for the connection; one that was under way when it was lost is made again. */
async function appendUntilThere(append: () => Promise<number>): Promise<number> {
  return append().catch((error: unknown) => {
    expect(dispositionOf(error)).toBe("retry");
    return append();
  });
}

const STREAMS = { lanes: ["train"], variants: ["base"], ackWaitMs: 2_000, presenceTtlMs: 5_000 };
