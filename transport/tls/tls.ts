import { readFile } from "node:fs/promises";
import { FleetError } from "../../core/index.ts";

/** Files of a server's end of a link, PEM. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
  /** Of whom a client must have a certificate; null: of nobody, it needs none. */
  readonly clientCa: string | null;
}

/** What a client's end believes and shows, as PEM texts. */
export interface ClientTls {
  readonly ca: string;
  /** Null: it shows none. */
  readonly identity: { readonly certificate: string; readonly key: string } | null;
}

/** Where a {@link ClientTls} is kept. */
export interface ClientTlsFiles {
  readonly ca: string;
  readonly identity: { readonly certificate: string; readonly key: string } | null;
}

/** A file of a link's certificates cannot be read. */
export class TlsFileError extends FleetError {
  readonly code = "transport.tls_file";
  readonly disposition = "reject";
}

/** Reads what a client needs. @throws {TlsFileError} naming the file */
export async function readClientTls({ ca, identity }: ClientTlsFiles): Promise<ClientTls> {
  return {
    ca: await readPem(ca),
    identity: identity && {
      certificate: await readPem(identity.certificate),
      key: await readPem(identity.key),
    },
  };
}

/** Reads a file of PEM. @throws {TlsFileError} naming it */
export async function readPem(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new TlsFileError(`${path} cannot be read: ${cause.message}`, { cause });
  });
  if (text.includes("-----BEGIN ")) return text;
  throw new TlsFileError(`${path} is not PEM: it has no line of "-----BEGIN …-----"`);
}
