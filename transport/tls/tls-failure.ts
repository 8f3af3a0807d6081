import type { ClientTls } from "./tls.ts";

const FOREIGN = "its certificate is not of the CA that is trusted here";
const PLAIN = "it speaks plain text, and TLS is on here";
/** What a server says, or means by closing, that was shown a certificate of another CA. */
export const REFUSED = "it does not accept the client certificate that is shown here";

/** What the codes of OpenSSL and Node say, as it reads after "no link to …: ". */
const CAUSES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  SELF_SIGNED_CERT_IN_CHAIN: FOREIGN,
  DEPTH_ZERO_SELF_SIGNED_CERT: FOREIGN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: FOREIGN,
  UNABLE_TO_GET_ISSUER_CERT: FOREIGN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: FOREIGN,
  CERT_SIGNATURE_FAILURE: FOREIGN,
  ERR_SSL_WRONG_VERSION_NUMBER: PLAIN,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: PLAIN,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: REFUSED,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: REFUSED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: REFUSED,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: REFUSED,
};

/** Alerts with which a server asks for a certificate that did not come. */
const ASKED = new Set(["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"]);

/**
 * Why a handshake failed, when trying again is no use.
 *
 * @returns as it reads after "no link to …: "; null when it is something else
 */
export function tlsFailure(error: unknown, tls: ClientTls | null): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (ASKED.has(code) || (CAUSES[code] === REFUSED && tls?.identity == null)) {
      return "it asks for a client certificate, and none is shown here";
    }
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `its certificate is of another name: ${message}`;
    const known = CAUSES[code];
    if (known !== undefined) return known;
  }
  return null;
}
