import { type Clock, FleetError, systemClock } from "../../core/index.ts";
import type { NatsServer } from "../../transport/index.ts";

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
  /** Told in one sentence of each end that is answered with a start. */
  say(line: string): void;
  readonly clock?: Clock;
}

/**
 * Starts nats-server and keeps it running on the same port and data, so that whoever dials it goes on where it was: up
 * to five times a minute.
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
      const how = await server.exited;
      if (isStopping) return;
      const now = clock.monotonicMs();
      ends = [...ends.filter((at) => now - at < WINDOW_MS), now];
      await server[Symbol.asyncDispose]();
      if (ends.length > MOST_ENDS) throw givenUp(how, log);
      say(`nats-server ended by itself (${how}) and is started again; its log is ${log}`);
      server = await start(port).catch((cause: Error) => {
        throw new NatsServerEndedError(
          `nats-server ended by itself (${how}) and does not start again: ${cause.message}; its log is ${log}`,
          { cause },
        );
      });
      if (isStopping) await server[Symbol.asyncDispose]();
    }
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

function givenUp(how: string, log: string): NatsServerEndedError {
  return new NatsServerEndedError(
    `nats-server ended by itself more than ${MOST_ENDS} times in a minute, the last time by ${how}; its log is ${log}`,
  );
}
