import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientTls, makeCertificates, type ServerTls } from "../../transport/index.ts";

/** Certificates of a CA of their own, in files, gone when disposed of. */
export interface TestCertificates extends AsyncDisposable {
  /** A server's end that asks its clients for nothing. */
  readonly server: ServerTls;
  /** A server's end that asks its clients for a certificate of this CA. */
  readonly mutual: ServerTls;
  /** A client that shows no certificate. */
  readonly nameless: ClientTls;
  /** A client that shows one. */
  readonly client: ClientTls;
  /** What that client shows, for who reads it from files. */
  readonly clientFiles: { readonly certificate: string; readonly key: string };
}

/** @param validDays - from now; negative: they have expired */
export async function openCertificates(validDays?: number): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), "fleet-tls-"));
  const path = (name: string) => join(folder, name);
  const { ca, server, client } = makeCertificates(["127.0.0.1"], validDays);
  await writeFile(path("ca.pem"), ca);
  await writeFile(path("server.pem"), server.certificate);
  await writeFile(path("server-key.pem"), server.key, { mode: 0o600 });
  await writeFile(path("client.pem"), client.certificate);
  await writeFile(path("client-key.pem"), client.key, { mode: 0o600 });
  const files = { certificate: path("server.pem"), key: path("server-key.pem") };
  return {
    server: { ...files, clientCa: null },
    mutual: { ...files, clientCa: path("ca.pem") },
    nameless: { ca, identity: null },
    client: { ca, identity: client },
    clientFiles: { certificate: path("client.pem"), key: path("client-key.pem") },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
