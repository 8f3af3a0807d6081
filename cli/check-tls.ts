import { systemClock } from "../core/index.ts";
import { checkAuthority, checkIdentity } from "../transport/index.ts";
import type { TlsConfig } from "./tls-config.ts";

/**
 * Checks the files that `tls` names, before anything is started with them.
 *
 * @throws {TlsFileError} naming the file, and what is wrong with it
 */
export async function checkTls(
  { ca, certificate, key, clientCertificate, clientKey }: TlsConfig,
  nowMs = systemClock.wallMs(),
): Promise<void> {
  if (ca !== undefined) await checkAuthority(ca, nowMs);
  if (certificate !== undefined && key !== undefined) await checkIdentity({ certificate, key }, nowMs);
  if (clientCertificate === undefined || clientKey === undefined) return;
  await checkIdentity({ certificate: clientCertificate, key: clientKey }, nowMs);
}
