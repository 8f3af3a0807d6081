import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials, ServerCredentials } from "@grpc/grpc-js";
import { FleetError } from "../../core/index.ts";
import { type ClientTls, readPem, type ServerTls } from "../tls/tls.ts";
import { splitAddress } from "./knock.ts";

/** The certificates of a link cannot be used. */
class UnusableCertificateError extends FleetError {
  readonly code = "transport.unusable_certificate";
  readonly disposition = "reject";
}

/** How a client dials. */
export interface Dialling {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/** @throws {UnusableCertificateError} when what is given is no certificate, or the key is of another one */
export function diallingOf(address: string, tls: ClientTls | null): Dialling {
  if (tls === null) return { credentials: credentials.createInsecure(), options: {} };
  const { host } = splitAddress(address);
  const { ca, identity } = tls;
  const context = usable(`for ${address}`, () =>
    createSecureContext({ ca, ...(identity && { cert: identity.certificate, key: identity.key }) }),
  );
  // gRPC sends the host as the name of the server, which an address cannot be: the name is made up, the check is not.
  const isAddress = isIP(host) !== 0;
  return {
    credentials: credentials.createFromSecureContext(
      context,
      isAddress ? { checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate) } : {},
    ),
    options: isAddress ? { "grpc.ssl_target_name_override": "coordinator" } : {},
  };
}

/** @throws {TlsFileError | UnusableCertificateError} naming the file */
export async function servingWith(tls: ServerTls | null): Promise<ServerCredentials> {
  if (tls === null) return ServerCredentials.createInsecure();
  const { certificate, key, clientCa } = tls;
  const pair = {
    cert_chain: Buffer.from(await readPem(certificate)),
    private_key: Buffer.from(await readPem(key)),
  };
  const ca = clientCa === null ? null : Buffer.from(await readPem(clientCa));
  usable(`of ${certificate} and ${key}`, () =>
    createSecureContext({ cert: pair.cert_chain, key: pair.private_key }),
  );
  return ServerCredentials.createSsl(ca, [pair], clientCa !== null);
}

function usable<T>(which: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnusableCertificateError(`the certificates ${which} cannot be used: ${why}`, { cause });
  }
}
