import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkTls } from "../../../cli/check-tls.ts";
import { checkBeforeRun } from "../../../cli/preflight.ts";
import { RunConfig } from "../../../cli/run-config.ts";
import { makeCertificates } from "../../../transport/index.ts";

const DAY_MS = 86_400_000;
const VALID_DAYS = 30;

describe("files that tls names, before anything is started", () => {
  let folder: string;
  const path = (name: string) => join(folder, name);
  const files = (other: object = {}) => ({
    mode: "mutual" as const,
    ca: path("ca.pem"),
    certificate: path("server.pem"),
    key: path("server-key.pem"),
    clientCertificate: path("client.pem"),
    clientKey: path("client-key.pem"),
    ...other,
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fleet-tls-"));
    const { ca, server, client } = makeCertificates(["127.0.0.1"], VALID_DAYS);
    const texts = {
      "ca.pem": ca,
      "server.pem": server.certificate,
      "server-key.pem": server.key,
      "client.pem": client.certificate,
      "client-key.pem": client.key,
      "notes.txt": "no PEM",
      "expired.pem": makeCertificates(["127.0.0.1"], -2).server.certificate,
    };
    await Promise.all(Object.entries(texts).map(([name, text]) => writeFile(path(name), text)));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("are taken when they are there, belong together and are valid; none are asked for where none are named", async () => {
    await expect(checkTls(files())).resolves.toBeUndefined();
    await expect(checkTls({ mode: "mutual" })).resolves.toBeUndefined();
  });

  it("are refused by name when one is missing, is no PEM, or holds something else", async () => {
    await expect(checkTls(files({ ca: path("none.pem") }))).rejects.toThrow(
      `${path("none.pem")} cannot be read: ENOENT`,
    );
    await expect(checkTls(files({ clientKey: path("notes.txt") }))).rejects.toThrow(
      `${path("notes.txt")} is not PEM`,
    );
    await expect(checkTls(files({ certificate: path("server-key.pem") }))).rejects.toThrow(
      `${path("server-key.pem")} holds no certificate: put one there, as PEM`,
    );
    await expect(checkTls(files({ key: path("server.pem") }))).rejects.toThrow(
      `${path("server.pem")} holds no key that needs no passphrase: put one there, as PEM`,
    );
  });

  it("are refused when a key is that of another certificate", async () => {
    await expect(checkTls(files({ key: path("client-key.pem") }))).rejects.toThrow(
      `${path("client-key.pem")} is not the key of the certificate in ${path("server.pem")}: name the one that it was made with`,
    );
  });

  it("are refused when they have expired, with the day, or are not valid yet", async () => {
    const later = Date.now() + (VALID_DAYS + 1) * DAY_MS;
    const lastDay = new Date(later - DAY_MS).toISOString().slice(0, 4);
    await expect(checkTls(files(), later)).rejects.toThrow(
      `the certificate in ${path("server.pem")} has expired on ${lastDay}-`,
    );
    await expect(checkTls(files(), Date.now() - 2 * DAY_MS)).rejects.toThrow(
      `the certificate in ${path("ca.pem")} is not valid before `,
    );
  });

  it("are the first thing that a run is checked for", async () => {
    const config = RunConfig.parse({
      model: { gguf: path("no-model.gguf") },
      dataset: { train: [path("no-data.jsonl")] },
      tls: files({ certificate: path("expired.pem") }),
    });

    await expect(checkBeforeRun(config)).rejects.toMatchObject({
      code: "transport.tls_file",
      message: expect.stringContaining(`the certificate in ${path("expired.pem")} has expired on `),
    });
  });
});
