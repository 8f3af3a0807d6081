import type { ServerTls } from "../tls/tls.ts";
import { AUTHENTICATION_S, LEAF_USER, MAX_PAYLOAD_BYTES, quoted, tlsLines } from "./config-file.ts";
import type { NatsUser } from "./users.ts";

/** A peer that does not answer is given up after three of these, in seconds: a link may be cut without a word. */
const PING_S = 10;

/** How a leaf's links are secured, by PEM files. */
interface LeafTls {
  /** To its clients. */
  readonly server: ServerTls;
  /** Authority of the hub's certificate. */
  readonly hubCa: string;
  /** What the hub is shown; null: nothing. */
  readonly identity: { readonly certificate: string; readonly key: string } | null;
}

/** What the configuration of a leaf depends on. */
export interface LeafSettings {
  readonly name: string;
  readonly port: number;
  /** `host:port` of the hub's listener for leafs. */
  readonly hub: string;
  /** Who the workers of this side are, as the hub knows them too. */
  readonly worker: NatsUser;
  /** Null: plain text. */
  readonly tls: LeafTls | null;
}

/**
 * The text of the configuration of a nats-server in another cluster: its workers dial it, it dials the hub. It stores
 * nothing, and has no rights to give; what passes is for the hub to say.
 *
 * @see https://docs.nats.io/running-a-nats-service/configuration/leafnodes
 */
export function leafConfig({ name, port, hub, worker, tls }: LeafSettings): string {
  const { user, password } = worker;
  return [
    `server_name: ${quoted(name)}`,
    `listen: ${quoted(`127.0.0.1:${port}`)}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    `authorization { timeout: ${AUTHENTICATION_S} }`,
    `ping_interval: ${quoted(`${PING_S}s`)}`,
    ...tlsLines(tls?.server ?? null),
    `accounts { worker { users: [{ user: ${quoted(user)}, password: ${quoted(password)} }] } }`,
    "leafnodes {",
    "  remotes: [{",
    `    urls: [${quoted(`nats-leaf://${LEAF_USER}:${password}@${hub}`)}]`,
    "    account: worker",
    ...(tls === null ? [] : remoteTlsLines(tls)),
    "  }]",
    "}",
    "",
  ].join("\n");
}

function remoteTlsLines({ hubCa, identity }: LeafTls): string[] {
  return [
    "    tls {",
    `      ca_file: ${quoted(hubCa)}`,
    ...(identity === null
      ? []
      : [`      cert_file: ${quoted(identity.certificate)}`, `      key_file: ${quoted(identity.key)}`]),
    "    }",
  ];
}
