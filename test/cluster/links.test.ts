import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, inject, it } from "vitest";
import type { StatusAnswer } from "../../proto/index.ts";
import { makeCertificates } from "../../transport/index.ts";
import { startFleetIn } from "../support/fleet-command.ts";
import { BINARIES } from "./support/commands.ts";
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

/** Certificates for the servers' names, and for those who dial. */
async function makeSecrets(namespace: Namespace): Promise<void> {
  const names = [`${RELEASE}-coordinator`, `${RELEASE}-nats`, `*.${RELEASE}-nats`, "127.0.0.1"];
  const { ca, server, client } = makeCertificates(names);
  const folder = await mkdtemp(join(tmpdir(), "fleet-cluster-tls-"));
  try {
    for (const [end, { certificate, key }] of Object.entries({ server, client })) {
      const files = { "ca.crt": ca, "tls.crt": certificate, "tls.key": key };
      const args = Object.keys(files).map((name) => `--from-file=${name}=${join(folder, name)}`);
      for (const [name, pem] of Object.entries(files)) await writeFile(join(folder, name), pem);
      await namespace.kubectl("create", "secret", "generic", `${end}-certificate`, ...args);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
