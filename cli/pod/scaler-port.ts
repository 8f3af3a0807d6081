import { join } from "node:path";
import type { CoordinatorOptions } from "../../coordinator/index.ts";
import { ConfigError, systemClock } from "../../core/index.ts";
import { checkAuthority, checkIdentity } from "../../transport/index.ts";
import { parseListen } from "./parse-listen.ts";

/** Where KEDA is answered. */
export interface ScalerGiven {
  /** `host:port`; left out: nowhere. */
  readonly scaler?: string;
  /** Folder of ca.crt, tls.crt and tls.key, as a mounted Kubernetes secret has them; left out: plain text. */
  readonly scalerTls?: string;
}

const LOOPBACK = /^(127(\.\d+){3}|::1|localhost)$/;

/**
 * The port for KEDA. Nobody but who shows a certificate of the folder's authority is answered there.
 *
 * @throws {ConfigError} where plain text would leave this host
 * @throws {TlsFileError} naming the file
 */
export async function scalerPort(given: ScalerGiven): Promise<Pick<CoordinatorOptions, "scaler">> {
  if (given.scaler === undefined) {
    if (given.scalerTls === undefined) return {};
    throw new ConfigError(
      "--scaler-tls without --scaler: say where to listen, such as --scaler 0.0.0.0:7002",
    );
  }
  const address = parseListen("--scaler", given.scaler);
  if (given.scalerTls === undefined) {
    if (LOOPBACK.test(address.host)) return { scaler: { ...address, tls: null } };
    throw new ConfigError(
      `--scaler ${given.scaler} would answer anybody: name the folder of ca.crt, tls.crt and tls.key with --scaler-tls, or listen on 127.0.0.1`,
    );
  }
  const path = (name: string) => join(given.scalerTls ?? "", name);
  const [clientCa, certificate, key] = [path("ca.crt"), path("tls.crt"), path("tls.key")];
  await checkAuthority(clientCa, systemClock.wallMs());
  await checkIdentity({ certificate, key }, systemClock.wallMs());
  return { scaler: { ...address, tls: { certificate, key, clientCa } } };
}
