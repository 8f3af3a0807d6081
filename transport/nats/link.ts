import {
  type JetStreamClient,
  type JetStreamManager,
  type JetStreamManagerOptions,
  jetstream,
} from "@nats-io/jetstream";
import { type ConnectionOptions, connect, errors, type NatsConnection } from "@nats-io/transport-node";
import { FleetError, withDeadline } from "../../core/index.ts";
import { isNewEnough } from "../nats-server/find-server.ts";
import { inboxPrefix } from "../nats-server/users.ts";

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
}

/** How long one question to the server may take. */
export const REQUEST_DEADLINE_MS = 10_000;
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
  void report(connection, options.onChange ?? (() => {}));

  const api: JetStreamManagerOptions = { checkAPI: false, timeout: REQUEST_DEADLINE_MS };
  const stream = jetstream(connection, api);
  return {
    connection,
    stream,
    manager: await stream.jetstreamManager(),
    [Symbol.asyncDispose]: async () => {
      if (connection.isClosed()) return;
      // What was published without waiting for an answer, such as acknowledgements, goes out first.
      await withDeadline(
        "nats-server to take the last messages",
        CLOSE_DEADLINE_MS,
        connection.drain(),
      ).catch(() => connection.close());
    },
  };
}

async function report(connection: NatsConnection, onChange: (state: "lost" | "back") => void): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === "disconnect") onChange("lost");
    if (type === "reconnect") onChange("back");
  }
}

function unusable(url: string, user: string, cause: unknown): NatsUnusableError {
  const message =
    cause instanceof errors.AuthorizationError
      ? `nats-server at ${url} does not accept the user "${user}"`
      : `no nats-server answers at ${url}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new NatsUnusableError(message, { cause });
}
