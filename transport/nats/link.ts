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
import { beginWait, FleetError, withDeadline } from "../../core/index.ts";
import { isNewEnough } from "../nats-server/find-server.ts";
import { inboxPrefix } from "../nats-server/users.ts";
import { LinkLostError, natsError, REQUEST_DEADLINE_MS } from "./errors.ts";

/** nats-server cannot be reached, is too old, or does not know the user. */
export class NatsUnusableError extends FleetError {
  readonly code = "transport.nats_unusable";
  readonly disposition = "reject";
}

/** How to reach a run's nats-server. */
export interface NatsLinkOptions {
  /** `nats://host:port` */
  readonly url: string;
  readonly user: string;
  readonly password: string;
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
const RECONNECT_MS = 250;
const PING_MS = 10_000;

/**
 * Opens a connection.
 *
 * @throws {NatsUnusableError} when nobody listens, the server is too old, or it refuses the user
 */
export async function openNats(options: NatsLinkOptions): Promise<NatsLink> {
  const { url, user, name } = options;
  const settings: ConnectionOptions = {
    servers: url,
    user,
    pass: options.password,
    name,
    timeout: CONNECT_DEADLINE_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    inboxPrefix: inboxPrefix(user),
  };
  const connection = await connect(settings).catch((cause: unknown) => {
    throw unusable(url, user, cause);
  });
  const { version } = connection.info ?? {};
  if (!isNewEnough(version ?? "")) {
    await connection.close();
    throw new NatsUnusableError(`nats-server at ${url} is version ${version}, 2.14 or newer is needed`);
  }
  const presence = followConnection(connection, options.onChange ?? (() => {}));
  const api: JetStreamManagerOptions = { checkAPI: false, timeout: REQUEST_DEADLINE_MS };
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
        throw natsError(name, error);
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

function unusable(url: string, user: string, cause: unknown): NatsUnusableError {
  const message =
    cause instanceof errors.AuthorizationError
      ? `nats-server at ${url} does not accept the user "${user}"`
      : `no nats-server answers at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new NatsUnusableError(message, { cause });
}
