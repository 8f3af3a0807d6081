import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileDurably } from "../../core/index.ts";
import {
  type ClientTls,
  type ClientTlsFiles,
  makeCertificates,
  readClientTls,
  type ServerTls,
} from "../../transport/index.ts";
import type { RunFolder } from "../run-folder.ts";
import type { TlsConfig } from "../tls-config.ts";

/** Where the servers of a local run are reached. */
const HOSTS = ["127.0.0.1", "localhost", "::1"];

/** Makes a run's own certificates where its links need some, none are named, and none are there yet. */
export async function ensureCertificates(folder: RunFolder, tls: TlsConfig): Promise<void> {
  if (tls.mode === "off" || tls.ca !== undefined) return;
  const files = filesOf(folder, tls);
  const isThere = await readClientTls({
    ca: files.ca,
    identity: { certificate: files.clientCertificate, key: files.clientKey },
  }).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const made = makeCertificates(HOSTS);
  await mkdir(dirname(files.ca), { recursive: true, mode: 0o700 });
  const write = (path: string, text: string) => writeFileDurably(path, text, 0o600);
  await write(files.certificate, made.server.certificate);
  await write(files.key, made.server.key);
  await write(files.clientCertificate, made.client.certificate);
  await write(files.clientKey, made.client.key);
  await write(files.ca, made.ca); // The last one: they are there once it is.
}

/** What a server of the run is given; null: plain text. */
export function serverTls(folder: RunFolder, tls: TlsConfig): ServerTls | null {
  if (tls.mode === "off") return null;
  const { ca, certificate, key } = filesOf(folder, tls);
  return { certificate, key, clientCa: tls.mode === "mutual" ? ca : null };
}

/** What a client of the run is given; null: plain text. @throws {TlsFileError} naming the file */
export async function clientTls(folder: RunFolder, tls: TlsConfig): Promise<ClientTls | null> {
  if (tls.mode === "off") return null;
  const { ca, clientCertificate, clientKey } = filesOf(folder, tls);
  const identity = tls.mode === "mutual" ? { certificate: clientCertificate, key: clientKey } : null;
  return readClientTls({ ca, identity } satisfies ClientTlsFiles);
}

/** The files that are named, else those of the run's own certificates. */
function filesOf(folder: RunFolder, tls: TlsConfig) {
  const own = (name: string) => join(dirname(folder.secrets), name);
  return {
    ca: tls.ca ?? own("ca.pem"),
    certificate: tls.certificate ?? own("server.pem"),
    key: tls.key ?? own("server-key.pem"),
    clientCertificate: tls.clientCertificate ?? own("client.pem"),
    clientKey: tls.clientKey ?? own("client-key.pem"),
  };
}
