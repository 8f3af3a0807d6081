import {
  type JetStreamClient,
  type JetStreamManager,
  type JetStreamManagerOptions,
  jetstream,
} from "@nats-io/jetstream";
import {
  type ConnectionOptions,
  connect,
  errors,
  type NatsConnection,
  type Status,
} from "@nats-io/transport-node";
import { beginWait, FleetError, pause, withDeadline } from "../../core/index.ts";
import { isNewEnough } from "../nats-server/find-server.ts";
import { inboxPrefix } from "../nats-server/users.ts";
import type { ClientTls } from "../tls/tls.ts";
import { LinkLostError, natsError, REQUEST_DEADLINE_MS } from "./errors.ts";
import { natsTls, natsTlsFailure } from "./nats-tls.ts";

/** nats-server cannot be reached, is too old, or does not know the user. */
export class NatsUnusableError extends FleetError {
  readonly code = "transport.nats_unusable";
  readonly disposition = "reject";
}

/** How to reach a run's nats-server. */
export interface NatsLinkOptions {
  /** `nats://host:port`, or `tls://host:port`. */
  readonly url: string;
  /** Null or left out: plain text. */
  readonly tls?: ClientTls | null;
  readonly user: string;
  readonly password: string;
  /** The JetStream domain to ask, where nats-server is a leaf of the run's; left out: the server's own. */
  readonly domain?: string;
  /** Who is connected, as the server's monitoring shows it. */
  readonly name: string;
  /** Told when the connection is lost and when it is back. Whatever waits meanwhile waits until its own deadline. */
  readonly onChange?: (state: "lost" | "back") => void;
}

/** A connection to nats-server. A lost one is dialled again, for ever. */
export interface NatsLink extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
  /**
   * Asks the server something, and gives a failure the error that callers know. While the connection is lost the
   * question waits, since the client would drop it; when it is lost before the answer, the question fails at once.
   *
   * @param name - what is waited for, as it reads after "waited … for"
   * @throws {LinkLostError} when the answer will never come
   * @throws {DeadlineError} when it did not come in 10 s
   */
  ask<T>(name: string, question: () => Promise<T>): Promise<T>;
}

const CONNECT_DEADLINE_MS = 10_000;
const CLOSE_DEADLINE_MS = 5_000;
/** A question to a leader that is gone is never answered: the next one is asked of its successor. */
const CLUSTER_REQUEST_DEADLINE_MS = 2_500;
const RECONNECT_MS = 250;
const PING_MS = 10_000;
const TLS_ATTEMPTS = 5;
const DIAL_ATTEMPTS = 5;

/**
 * Opens a connection.
 *
 * @throws {NatsUnusableError} when nobody listens, the server is too old, it refuses the user, or the two ends do not
 *   agree about TLS
 */
export async function openNats(options: NatsLinkOptions): Promise<NatsLink> {
  const { url, user, name, domain } = options;
  const settings: ConnectionOptions = {
    servers: url.split(","),
    user,
    pass: options.password,
    name,
    timeout: CONNECT_DEADLINE_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    inboxPrefix: inboxPrefix(user),
    noAsyncTraces: true, // A stack for each request, in case it fails, takes longer than all the rest of it.
    ...(options.tls && { tls: natsTls(url.split(","), options.tls) }),
  };
  const dial = async (more: Partial<ConnectionOptions>) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await connect({ ...settings, ...more });
      } catch (cause) {
        // A process that was kept from running did not say who it is in time.
        if (!isAuthenticationLate(cause) || attempt === DIAL_ATTEMPTS) throw unusable(options, cause);
        await pause(RECONNECT_MS);
      }
    }
  };
  // A client that is to dial again for ever also does so when it is the certificate that is wrong.
  if (options.tls) await tryTls(() => dial({ reconnect: false }), options.tls);
  const connection = await dial({});
  const { version } = connection.info ?? {};
  if (!isNewEnough(version ?? "")) {
    await connection.close();
    throw new NatsUnusableError(`nats-server at ${url} is version ${version}, 2.14 or newer is needed`);
  }
  const presence = followConnection(connection, options.onChange ?? (() => {}));
  const askMs = connection.info?.cluster === undefined ? REQUEST_DEADLINE_MS : CLUSTER_REQUEST_DEADLINE_MS;
  const api: JetStreamManagerOptions = { checkAPI: false, timeout: askMs, ...(domain && { domain }) };
  const stream = jetstream(connection, api);

  return {
    connection,
    stream,
    manager: await stream.jetstreamManager(),
    ask: async (name, question) => {
      await presence.back(name);
      using _ = beginWait(name, REQUEST_DEADLINE_MS);
      const lost = Promise.withResolvers<never>();
      const { signal } = presence;
      const onLost = () =>
        lost.reject(new LinkLostError(`the connection to nats-server was lost, waiting for ${name}`));
      signal.addEventListener("abort", onLost, { once: true });
      try {
        return await Promise.race([question(), lost.promise]);
      } catch (error) {
        throw natsError(name, error, askMs);
      } finally {
        signal.removeEventListener("abort", onLost);
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (connection.isClosed()) return;
      // What was published without waiting for an answer, such as acknowledgements, goes out first.
      const drained = withDeadline(
        "nats-server to take the last messages",
        CLOSE_DEADLINE_MS,
        connection.drain(),
      );
      await drained.catch(() => connection.close());
    },
  };
}

/**
 * Dials once to see whether the two ends agree. A server that refuses a certificate closes at once, and what it said may
 * be lost with the connection: then it is asked again.
 */
async function tryTls(dial: () => Promise<NatsConnection>, tls: ClientTls): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await (await dial()).close();
    } catch (error) {
      const { cause } = error as Error;
      const isSaid = cause instanceof errors.AuthorizationError || natsTlsFailure(cause, tls) !== null;
      if (isSaid || attempt === TLS_ATTEMPTS) throw error;
      await pause(RECONNECT_MS);
    }
  }
}

/** Whether the connection is there, and a signal that aborts when it is lost. */
function followConnection(connection: NatsConnection, onChange: (state: "lost" | "back") => void) {
  let lost = new AbortController();
  let back = Promise.withResolvers<void>();
  back.resolve();

  const onLost = () => {
    back = Promise.withResolvers<void>();
    back.promise.catch(() => {}); // Nobody may be waiting.
    lost.abort();
  };
  const onBack = () => {
    lost = new AbortController();
    back.resolve();
  };
  const on = (type: Status["type"]) => {
    if (type === "disconnect") {
      onLost();
      onChange("lost");
    } else if (type === "reconnect") {
      onBack();
      onChange("back");
    }
  };
  const follow = async () => {
    for await (const { type } of connection.status()) on(type);
    onLost();
    back.reject(new LinkLostError("the connection to nats-server was closed"));
  };
  void follow();

  return {
    get signal() {
      return lost.signal;
    },
    back: (name: string) =>
      lost.signal.aborted
        ? withDeadline(`a connection to nats-server, for ${name}`, REQUEST_DEADLINE_MS, back.promise)
        : Promise.resolve(),
  };
}

function isAuthenticationLate(error: unknown): boolean {
  return error instanceof errors.AuthorizationError && /authentication timeout/i.test(error.message);
}

function unusable({ url, user, tls = null }: NatsLinkOptions, cause: unknown): NatsUnusableError {
  if (cause instanceof errors.AuthorizationError && !isAuthenticationLate(cause)) {
    return new NatsUnusableError(`nats-server at ${url} does not accept the user "${user}"`, { cause });
  }
  const mismatch = natsTlsFailure(cause, tls);
  const message =
    mismatch === null
      ? `no nats-server answers at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`
      : `no link to nats-server at ${url}: ${mismatch}`;
  return new NatsUnusableError(message, { cause });
}
