import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, inject, it } from "vitest";
import type { StatusAnswer } from "../../proto/index.ts";
import { startFleetIn } from "../support/fleet-command.ts";
import { BINARIES, run } from "./support/commands.ts";
import { type Namespace, openNamespace } from "./support/release.ts";

const cluster = inject("cluster");
const MINUTE_MS = 60_000;
const RELEASE = "linked";
const STEPS = 4;

it.skipIf(cluster === null)(
  "a run with three nats-servers and certificates at both ends of every link loses nothing to a server's end, and is reached from outside by its release's name",
  async () => {
    if (cluster === null) return;
    await using namespace = await openNamespace(cluster, "links");
    await makeSecrets(namespace);
    const fleet = (...args: readonly string[]) =>
      startFleetIn(
        { KUBECONFIG: cluster.kubeconfig, PATH: `${BINARIES}${delimiter}${process.env["PATH"] ?? ""}` },
        ...args,
        ...["--release", RELEASE, "--namespace", namespace.name],
      );
    const status = async (): Promise<StatusAnswer | null> => {
      const { code, stdout } = await fleet("status", "--json").result;
      return code === 0 ? JSON.parse(stdout) : null;
    };

    await namespace.install(RELEASE, "demo", {
      run: { steps: STEPS, eval: { dataset: [] } },
      nats: { replicas: 3 },
      tls: {
        enabled: true,
        mutual: true,
        existingSecret: "server-certificate",
        existingClientSecret: "client-certificate",
      },
    });
    const reached = (isSo: (seen: StatusAnswer) => boolean, minutes: number) =>
      expect
        .poll(async () => [await status()].filter((seen) => seen !== null).map(isSo), {
          timeout: minutes * MINUTE_MS,
          interval: 2_000,
        })
        .toEqual([true]);

    await reached(({ step }) => step >= 1, 10);
    await namespace.helm("test", RELEASE, "--timeout", "2m");
    await namespace.kubectl("delete", "pod", `${RELEASE}-nats-0`, "--wait=false");
    await reached(({ state }) => state === "ended", 10);

    const books = (await status())?.balances ?? [];
    expect(books.length).toBeGreaterThan(0);
    for (const { issued, accepted, rejected, expired } of books)
      expect(Number(issued)).toBe(Number(accepted) + Number(rejected) + Number(expired));
    await expect(pageOf(fleet("dashboard"))).resolves.toContain("<title>");
  },
);

/** The page that `fleet dashboard` opens a way to; ends the command. */
async function pageOf(dashboard: ReturnType<typeof startFleetIn>): Promise<string> {
  await dashboard.printed(/http:\/\/\S+/);
  const [link = ""] = /http:\/\/\S+/.exec(dashboard.output()) ?? [];
  const page = await fetch(link).then((answer) => answer.text());
  dashboard.process.kill("SIGINT");
  await dashboard.result;
  return page;
}

/** Certificates for the servers' names, and for those who dial: nats-servers, which dial each other, are both. */
async function makeSecrets(namespace: Namespace): Promise<void> {
  const names = [`${RELEASE}-coordinator`, `${RELEASE}-nats`, `*.${RELEASE}-nats`];
  const folder = await mkdtemp(join(tmpdir(), "fleet-cluster-tls-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => run("openssl", args);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const ends = {
    server: `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")},IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth`,
    client: "extendedKeyUsage=clientAuth",
  };
  try {
    await openssl(
      "req",
      "-x509",
      ...newKey,
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca.crt"),
      "-subj",
      "/CN=ca",
    );
    for (const [end, extensions] of Object.entries(ends)) {
      await writeFile(at("extensions"), extensions);
      await openssl("req", ...newKey, "-keyout", at("tls.key"), "-out", at("tls.csr"), "-subj", `/CN=${end}`);
      const by = [
        "-CA",
        at("ca.crt"),
        "-CAkey",
        at("ca.key"),
        "-CAcreateserial",
        "-extfile",
        at("extensions"),
      ];
      await openssl("x509", "-req", "-in", at("tls.csr"), ...by, "-out", at("tls.crt"));
      const files = ["ca.crt", "tls.crt", "tls.key"].map((name) => `--from-file=${name}=${at(name)}`);
      await namespace.kubectl("create", "secret", "generic", `${end}-certificate`, ...files);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
