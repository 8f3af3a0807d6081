import { type Clock, FleetError, systemClock } from "../../core/index.ts";
import type { NatsServer } from "../../transport/index.ts";
import { untilDiskWasFull } from "./full-disk.ts";

/** nats-server ended, and starting it again is no use. */
class NatsServerEndedError extends FleetError {
  readonly code = "cli.nats_server_ended";
  readonly disposition = "fatal";
}

/** Ends within {@link WINDOW_MS} after which nats-server is given up. */
const MOST_ENDS = 5;
const WINDOW_MS = 60_000;

/** A nats-server that is started again when it ends by itself. Disposing stops it. */
export interface KeptNatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Rejects when it ended and could not be started again. */
  readonly failed: Promise<never>;
}

/** How it is started, and who hears of it. */
export interface KeepNatsOptions {
  /** @param port - 0 the first time, where any is good; then the one that all clients know */
  start(port: number): Promise<NatsServer>;
  /** 0: one that the system picks. */
  readonly port: number;
  /** File that its log goes to. */
  readonly log: string;
  /** Where it stores. */
  readonly folder: string;
  /** Told in one sentence of each end that is answered with a start, and of a full disk. */
  say(line: string): void;
  readonly clock?: Clock;
}

/**
 * Starts nats-server and keeps it running on the same port and data, so that whoever dials it goes on where it was: up
 * to five times a minute. One that found its disk full is started again once there is room: until then it takes nothing.
 *
 * @throws what the first start throws
 */
export async function keepNatsServer(options: KeepNatsOptions): Promise<KeptNatsServer> {
  const { start, log, say, clock = systemClock } = options;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // Looked at by whoever races it.
  let server = await start(options.port);
  const { url, port } = server;
  let isStopping = false;

  async function keep(): Promise<void> {
    let ends: number[] = [];
    while (true) {
      const how = await endOf(server, options);
      if (isStopping) return;
      if (how === null) {
        await server[Symbol.asyncDispose]();
        say("there is room on nats-server's disk again, and it is started again");
        server = await startAgain("was stopped");
        continue;
      }
      const now = clock.monotonicMs();
      ends = [...ends.filter((at) => now - at < WINDOW_MS), now];
      await server[Symbol.asyncDispose]();
      if (ends.length > MOST_ENDS) throw givenUp(how, log);
      say(`nats-server ended by itself (${how}) and is started again; its log is ${log}`);
      server = await startAgain(`ended by itself (${how})`);
    }
  }

  async function startAgain(why: string): Promise<NatsServer> {
    const started = await start(port).catch((cause: Error) => {
      throw new NatsServerEndedError(
        `nats-server ${why} and does not start again: ${cause.message}; its log is ${log}`,
        { cause },
      );
    });
    if (isStopping) await started[Symbol.asyncDispose]();
    return started;
  }

  const keeping = keep().catch(failure.reject);
  return {
    url,
    port,
    failed: failure.promise,
    [Symbol.asyncDispose]: async () => {
      isStopping = true;
      await server[Symbol.asyncDispose]();
      await keeping;
    },
  };
}

/** How it ended; null when its disk was full and has room again. */
async function endOf(server: NatsServer, { log, folder, say }: KeepNatsOptions): Promise<string | null> {
  const over = new AbortController();
  try {
    const wasFull = untilDiskWasFull({ log, folder, say }, over.signal).then(() => null);
    return await Promise.race([server.exited, wasFull]);
  } finally {
    over.abort();
  }
}

function givenUp(how: string, log: string): NatsServerEndedError {
  return new NatsServerEndedError(
    `nats-server ended by itself more than ${MOST_ENDS} times in a minute, the last time by ${how}; its log is ${log}`,
  );
}
