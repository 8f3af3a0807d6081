import type { ServerTls } from "../tls/tls.ts";
import { type NatsRole, type NatsUser, permissionsOf, SERVER_REPORT, workerImports } from "./users.ts";

/** A client says who it is within this time, in seconds. */
const AUTHENTICATION_S = 10;
/** Largest message in bytes: a task with its prompt and an instance of 512 KB, with room to spare. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
/** What workers announce is all that is kept in memory. */
const MAX_MEMORY_STORE_BYTES = 64 * 1024 * 1024;
/** An account that does not take this from another one is given an interface of its own, which would hide the other's. */
const JETSTREAM_INFO = "$JS.API.INFO";

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
  const { run, port, users, storeFolder, storeBytes, portsFolder } = settings;
  return [
    `server_name: ${quoted(`fleet-${run}`)}`,
    `listen: ${quoted(`127.0.0.1:${port === 0 ? -1 : port}`)}`,
    `ports_file_dir: ${quoted(portsFolder)}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    // Also from a process that its machine keeps from running.
    `authorization { timeout: ${AUTHENTICATION_S} }`,
    ...tlsLines(settings.tls ?? null),
    "jetstream {",
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
    ...userLines("coordinator", users.coordinator, run),
    ...sharedLines("exports", run, (subject) => quoted(subject)),
    `    imports: [{ service: { account: SYS, subject: ${quoted(SERVER_REPORT)} } }]`,
    "  }",
    "  worker {",
    ...userLines("worker", users.worker, run),
    ...sharedLines("imports", run, (subject) => `{ account: coordinator, subject: ${quoted(subject)} }`),
    "  }",
    "}",
    "",
  ].join("\n");
}

/** A client without a certificate of `clientCa`, where that is given, is refused before it says who it is. */
function tlsLines(tls: ServerTls | null): string[] {
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

function userLines(role: NatsRole, user: NatsUser, run: string): string[] {
  const { publish, subscribe } = permissionsOf(role, user, run);
  const allow = (subjects: readonly string[]) => `{ allow: [${subjects.map(quoted).join(", ")}] }`;
  const permissions = `{ publish: ${allow(publish)}, subscribe: ${allow(subscribe)} }`;
  return [
    "    users: [",
    `      { user: ${quoted(user.user)}, password: ${quoted(user.password)}, permissions: ${permissions} }`,
    "    ]",
  ];
}

/** What the workers' account takes of the coordinator's, as one of the two ends of it says it. */
function sharedLines(
  end: "exports" | "imports",
  run: string,
  written: (subject: string) => string,
): string[] {
  const { requests, streamed, heard } = workerImports(run);
  const exporting = end === "exports";
  const only = exporting ? ", accounts: [worker]" : "";
  const many = exporting ? ", response_type: stream" : "";
  return [
    `    ${end}: [`,
    ...[JETSTREAM_INFO, ...requests].map((subject) => `      { service: ${written(subject)}${only} }`),
    ...streamed.map((subject) => `      { service: ${written(subject)}${only}${many} }`),
    ...heard.map((subject) => `      { stream: ${written(subject)}${only} }`),
    "    ]",
  ];
}

/** A string of the configuration's syntax, whose escapes are JSON's as far as they occur here. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
