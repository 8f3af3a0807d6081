import type { ServerTls } from "../tls/tls.ts";
import {
  leafPermissions,
  type NatsRole,
  type NatsUser,
  type Permissions,
  permissionsOf,
  SERVER_REPORT,
  workerImports,
} from "./users.ts";

/** A client says who it is within this time, in seconds. */
export const AUTHENTICATION_S = 10;
/** Largest message in bytes: a task with its prompt and an instance of 512 KB, with room to spare. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
/** What workers announce is all that is kept in memory. */
const MAX_MEMORY_STORE_BYTES = 64 * 1024 * 1024;
/** An account that does not take this from another one is given an interface of its own, which would hide the other's. */
const JETSTREAM_INFO = "$JS.API.INFO";
/** The user of a leaf link. Its password is the workers' own: a leaf may do no more than they. */
export const LEAF_USER = "leaf";

/** What a server's configuration depends on. */
export interface ServerSettings {
  readonly run: string;
  /** 0: one that the system picks. */
  readonly port: number;
  readonly users: Readonly<Record<NatsRole, NatsUser>>;
  /** Folder for the streams. */
  readonly storeFolder: string;
  /** Most that the streams may take on the disk. */
  readonly storeBytes: number;
  /** Folder where the server writes which port it has. */
  readonly portsFolder: string;
  /** Null or left out: plain text. */
  readonly tls?: ServerTls | null;
  /** Port for the leafs of other clusters, which find the streams in the JetStream domain of the run's name; left out: none. */
  readonly leafPort?: number;
}

/**
 * The text of a nats-server configuration. An acknowledged message is on the disk, not only in the page cache, before
 * its sender is told (`sync_interval: always`).
 *
 * Each role has an account of its own, since the server asks for no right to the subject that a request names for its
 * answer: within one account whoever may ask anything could have an answer stored as an event of the ledger, or carried
 * out as a request to delete a stream. Between accounts an answer goes back to the one that asked, and no further.
 *
 * @see https://docs.nats.io/running-a-nats-service/configuration
 */
export function serverConfig(settings: ServerSettings): string {
  const { run, port, users, storeFolder, storeBytes, portsFolder, leafPort } = settings;
  const isHub = leafPort !== undefined;
  return [
    `server_name: ${quoted(`fleet-${run}`)}`,
    `listen: ${quoted(`127.0.0.1:${port === 0 ? -1 : port}`)}`,
    `ports_file_dir: ${quoted(portsFolder)}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    // Also from a process that its machine keeps from running.
    `authorization { timeout: ${AUTHENTICATION_S} }`,
    ...tlsLines(settings.tls ?? null),
    ...(isHub ? leafListenerLines(leafPort, settings.tls ?? null) : []),
    "jetstream {",
    ...(isHub ? [`  domain: ${quoted(run)}`] : []),
    `  store_dir: ${quoted(storeFolder)}`,
    "  sync_interval: always",
    `  max_file_store: ${storeBytes}`,
    `  max_memory_store: ${MAX_MEMORY_STORE_BYTES}`,
    "}",
    "system_account: SYS",
    "accounts {",
    `  SYS { exports: [{ service: ${quoted(SERVER_REPORT)}, response_type: stream, accounts: [coordinator] }] }`,
    "  coordinator {",
    "    jetstream: enabled",
    "    users: [",
    userLine(users.coordinator, permissionsOf("coordinator", users.coordinator, run)),
    "    ]",
    ...exportLines(run),
    `    imports: [{ service: { account: SYS, subject: ${quoted(SERVER_REPORT)} } }]`,
    "  }",
    "  worker {",
    "    users: [",
    userLine(users.worker, permissionsOf("worker", users.worker, run)),
    ...(isHub ? [leafLine(users.worker, run)] : []),
    "    ]",
    ...importLines(run),
    "  }",
    "}",
    "",
  ].join("\n");
}

/** A client without a certificate of `clientCa`, where that is given, is refused before it says who it is. */
export function tlsLines(tls: ServerTls | null): string[] {
  if (tls === null) return [];
  const { certificate, key, clientCa } = tls;
  return [
    "tls {",
    `  cert_file: ${quoted(certificate)}`,
    `  key_file: ${quoted(key)}`,
    ...(clientCa === null ? [] : [`  ca_file: ${quoted(clientCa)}`, "  verify: true"]),
    "}",
  ];
}

function leafListenerLines(port: number, tls: ServerTls | null): string[] {
  return [
    "leafnodes {",
    `  listen: ${quoted(`127.0.0.1:${port}`)}`,
    "  no_advertise: true",
    `  authorization { timeout: ${AUTHENTICATION_S} }`,
    ...tlsLines(tls),
    "}",
  ];
}

/** Of the workers' account. A client that shows its password under this name is refused. */
function leafLine(worker: NatsUser, run: string): string {
  const { password } = worker;
  return userLine({ user: LEAF_USER, password }, leafPermissions(run, worker), "LEAFNODE");
}

/** @param link - the only one on which the server takes this user */
function userLine(
  { user, password }: NatsUser,
  { publish, subscribe }: Permissions,
  link: "STANDARD" | "LEAFNODE" = "STANDARD",
): string {
  const allow = (subjects: readonly string[]) => `{ allow: [${subjects.map(quoted).join(", ")}] }`;
  const who = `user: ${quoted(user)}, password: ${quoted(password)}, allowed_connection_types: [${link}]`;
  return `      { ${who}, permissions: { publish: ${allow(publish)}, subscribe: ${allow(subscribe)} } }`;
}

/** What the coordinator's account lends to the workers'. */
function exportLines(run: string): string[] {
  const { requests, streamed, heard } = workerImports(run);
  return [
    "    exports: [",
    ...[JETSTREAM_INFO, ...requests].map(
      (subject) => `      { service: ${quoted(subject)}, accounts: [worker] }`,
    ),
    ...streamed.map(
      (subject) => `      { service: ${quoted(subject)}, accounts: [worker], response_type: stream }`,
    ),
    ...heard.map(({ subject }) => `      { stream: ${quoted(subject)}, accounts: [worker] }`),
    "    ]",
  ];
}

/** The same, as the workers' account takes it. */
function importLines(run: string): string[] {
  const { requests, streamed, heard } = workerImports(run);
  const lent = (subject: string) => `{ account: coordinator, subject: ${quoted(subject)} }`;
  return [
    "    imports: [",
    ...[JETSTREAM_INFO, ...requests, ...streamed].map((subject) => `      { service: ${lent(subject)} }`),
    ...heard.map(({ subject, as }) => `      { stream: ${lent(subject)}, to: ${quoted(as)} }`),
    "    ]",
  ];
}

/** A string of the configuration's syntax, whose escapes are JSON's as far as they occur here. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
