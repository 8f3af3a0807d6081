import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readPem, TlsFileError } from "./tls.ts";

/** Files of a certificate and its key, PEM. */
export interface IdentityFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Checks the file of an authority: that it can be read, holds a certificate, and is valid now.
 *
 * @throws {TlsFileError} naming the file
 */
export async function checkAuthority(path: string, nowMs: number): Promise<void> {
  await readCertificate(path, nowMs);
}

/**
 * Checks the files of one end of a link: that both can be read, belong together, and are valid now.
 *
 * @throws {TlsFileError} naming the file
 */
export async function checkIdentity({ certificate, key }: IdentityFiles, nowMs: number): Promise<void> {
  const shown = await readCertificate(certificate, nowMs);
  if (shown.checkPrivateKey(await readKey(key))) return;
  throw new TlsFileError(
    `${key} is not the key of the certificate in ${certificate}: name the one that it was made with`,
  );
}

/** The first certificate of a file; what follows it is its chain. */
async function readCertificate(path: string, nowMs: number): Promise<X509Certificate> {
  const certificate = parsed(await readPem(path), path, "certificate", (pem) => new X509Certificate(pem));
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const { validFromDate, validToDate } = certificate;
  if (nowMs > validToDate.getTime()) {
    throw new TlsFileError(`the certificate in ${path} has expired on ${day(validToDate)}: renew it`);
  }
  if (nowMs >= validFromDate.getTime()) return certificate;
  throw new TlsFileError(
    `the certificate in ${path} is not valid before ${day(validFromDate)}: wait, or set this machine's clock right`,
  );
}

async function readKey(path: string): Promise<KeyObject> {
  return parsed(await readPem(path), path, "key that needs no passphrase", createPrivateKey);
}

function parsed<T>(pem: string, path: string, what: string, parse: (pem: string) => T): T {
  try {
    return parse(pem);
  } catch (cause) {
    throw new TlsFileError(`${path} holds no ${what}: put one there, as PEM`, { cause });
  }
}
