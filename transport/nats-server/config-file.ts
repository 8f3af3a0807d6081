import { type NatsRole, type NatsUser, permissionsOf } from "./users.ts";

/** Largest message in bytes: a task with its prompt and an instance of 512 KB, with room to spare. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
/** What workers announce is all that is kept in memory. */
const MAX_MEMORY_STORE_BYTES = 64 * 1024 * 1024;

/** What a server's configuration depends on. */
export interface ServerSettings {
  readonly run: string;
  /** 0: one that the system picks. */
  readonly port: number;
  readonly users: Readonly<Record<NatsRole, NatsUser>>;
  /** Folder for the streams. */
  readonly storeFolder: string;
  /** Folder where the server writes which port it has. */
  readonly portsFolder: string;
}

/**
 * The text of a nats-server configuration. An acknowledged message is on the disk, not only in the page cache, before
 * its sender is told (`sync_interval: always`).
 *
 * @see https://docs.nats.io/running-a-nats-service/configuration
 */
export function serverConfig({ run, port, users, storeFolder, portsFolder }: ServerSettings): string {
  const roles = Object.entries(users) as [NatsRole, NatsUser][];
  return [
    `server_name: ${quoted(`fleet-${run}`)}`,
    `listen: ${quoted(`127.0.0.1:${port === 0 ? -1 : port}`)}`,
    `ports_file_dir: ${quoted(portsFolder)}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    "jetstream {",
    `  store_dir: ${quoted(storeFolder)}`,
    "  sync_interval: always",
    `  max_memory_store: ${MAX_MEMORY_STORE_BYTES}`,
    "}",
    "authorization { users: [",
    ...roles.map(([role, user]) => userLine(role, user, run)),
    "] }",
    "",
  ].join("\n");
}

function userLine(role: NatsRole, user: NatsUser, run: string): string {
  const { publish, subscribe } = permissionsOf(role, user, run);
  const allow = (subjects: readonly string[]) => `{ allow: [${subjects.map(quoted).join(", ")}] }`;
  const permissions = `{ publish: ${allow(publish)}, subscribe: ${allow(subscribe)} }`;
  return `  { user: ${quoted(user.user)}, password: ${quoted(user.password)}, permissions: ${permissions} }`;
}

/** A string of the configuration's syntax, whose escapes are JSON's as far as they occur here. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
