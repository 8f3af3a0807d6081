import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { ClientTls } from "../tls/tls.ts";
import { tlsFailure } from "../tls/tls-failure.ts";

/**
 * What the client of NATS is told of TLS. With it, it refuses a server that has none.
 *
 * @param urls - of the servers, any of which may answer
 */
export function natsTls(urls: readonly string[], { ca, identity }: ClientTls) {
  const hosts = urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, ""));
  return {
    ca,
    ...(identity && { cert: identity.certificate, key: identity.key }),
    // The client knows no name for an address, and would look for "localhost" in the certificate.
    checkServerIdentity: (_: string, certificate: PeerCertificate) => {
      const failures = hosts.map((host) => checkServerIdentity(host, certificate));
      return failures.includes(undefined) ? undefined : failures[0];
    },
  };
}

/** Why the two ends do not agree about TLS, as it reads after "no link to …: "; null when it is something else. */
export function natsTlsFailure(error: unknown, tls: ClientTls | null): string | null {
  if (error instanceof Error && error.message.includes("server does not support 'tls'")) {
    return "it speaks plain text, and TLS is on here";
  }
  const failure = tlsFailure(error, tls);
  return failure !== null && tls === null ? "it speaks TLS, and TLS is off here" : failure;
}
