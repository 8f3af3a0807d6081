import type { ServerTls } from "../tls/tls.ts";
import { AUTHENTICATION_S, LEAF_USER, MAX_PAYLOAD_BYTES, quoted, tlsLines } from "./config-file.ts";
import type { NatsUser } from "./users.ts";

/** What the configuration of a leaf depends on. */
export interface LeafSettings {
  readonly name: string;
  readonly port: number;
  /** `host:port` of the hub's listener for leafs. */
  readonly hub: string;
  /** Who the workers of this side are, as the hub knows them too. */
  readonly worker: NatsUser;
  /** Of both of its links, or null: plain text. `hubCa`: PEM file of the authority of the hub's certificate. */
  readonly tls: { readonly server: ServerTls; readonly hubCa: string } | null;
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

/** The certificate is shown to whoever asks for one. */
function remoteTlsLines({ server, hubCa }: NonNullable<LeafSettings["tls"]>): string[] {
  const files = { ca_file: hubCa, cert_file: server.certificate, key_file: server.key };
  return [
    "    tls {",
    ...Object.entries(files).map(([key, file]) => `      ${key}: ${quoted(file)}`),
    "    }",
  ];
}
