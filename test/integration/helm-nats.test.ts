import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pause, withDeadline } from "../../core/index.ts";
import {
  assertSynchronous,
  createRunStreams,
  findNatsServer,
  type NatsRole,
  openNats,
  readStorage,
} from "../../transport/index.ts";
import { freePort } from "../support/bare-server.ts";
import { openCertificates, type TestCertificates } from "../support/certificates.ts";
import { findHelm, type Manifest, render } from "../support/helm.ts";
import { openTemporaryFolder } from "../support/temporary-folder.ts";

const RUN = "my-run";
const STREAMS = { lanes: ["train"], variants: ["base"], ackWaitMs: 2_000, presenceTtlMs: 5_000 } as const;
const START_DEADLINE_MS = 20_000;
/** nats-server would read each as a number, where it stands without quotes. */
const PASSWORDS = { coordinator: "12345678", worker: "8k", route: "0x10" };

const helm = findHelm();

describe.skipIf(helm === null)("the chart's nats-servers", { timeout: 60_000 }, () => {
  it("let each role do its own and nothing else", async () => {
    await using servers = await startServers("helm/examples/demo.yaml");
    await using coordinator = await servers.link("coordinator");
    await using worker = await servers.link("worker");

    await createRunStreams(coordinator, RUN, STREAMS);
    const refused = createRunStreams(worker, RUN, STREAMS);

    await expect(refused).rejects.toThrow(/permission/i);
    await expect(assertSynchronous(coordinator)).resolves.toBeNull();
    await expect(servers.link("coordinator", "wrong")).rejects.toThrow();
  });

  it("find each other by three, with the password for routes, and keep three copies", async () => {
    await using servers = await startServers("helm/examples/spot-and-fixed.yaml");
    await using coordinator = await servers.link("coordinator");

    // The servers of a cluster choose who speaks for it before anything can be made.
    await until("three copies of every stream", async () => {
      await createRunStreams(coordinator, RUN, { ...STREAMS, replicas: 3 });
      return true;
    });

    const { config, cluster } = await coordinator.manager.streams.info(`LEDGER_${RUN}`);
    expect(config.num_replicas).toBe(3);
    expect(cluster?.replicas?.length).toBe(2);
  });

  it("let nobody in without a certificate, where both ends show one", async () => {
    await using certificates = await openCertificates();
    await using servers = await startServers("helm/examples/mtls.yaml", certificates);
    await using coordinator = await servers.link("coordinator");

    const nameless = openNats({
      url: servers.url,
      user: "coordinator",
      password: PASSWORDS.coordinator,
      name: "test",
      tls: certificates.nameless,
    });

    await expect(nameless).rejects.toThrow(/certificate/);
    await expect(readStorage(coordinator)).resolves.toHaveLength(1);
  });
});

/** Servers of the chart's configuration, on this machine's ports and with their data in temporary folders. */
async function startServers(values: string, certificates?: TestCertificates) {
  const objects = render(helm ?? "", values, { apis: ["cert-manager.io/v1"] });
  const config = objects.find(isNamed("ConfigMap")).data["nats.conf"];
  const { replicas, template } = objects.find(isNamed("StatefulSet")).spec;
  const { path } = await findNatsServer();
  const folder = await openTemporaryFolder();
  const places = await Promise.all(
    Array.from({ length: replicas }, async (_, index) => ({
      name: `${RUN}-nats-${index}`,
      client: await freePort(),
      route: await freePort(),
    })),
  );
  const children: ChildProcess[] = [];
  for (const { name, client, route } of places) {
    const store = join(folder.path, name);
    await mkdir(store);
    const text = (config as string)
      .replace('"0.0.0.0:4222"', `"127.0.0.1:${client}"`)
      .replace('"0.0.0.0:6222"', `"127.0.0.1:${route}"`)
      .replace("http: 8222\n", "")
      .replace('"/data/jetstream"', JSON.stringify(store))
      .replaceAll('"/tls/tls.crt"', JSON.stringify(certificates?.mutual.certificate))
      .replaceAll('"/tls/tls.key"', JSON.stringify(certificates?.mutual.key))
      .replaceAll('"/tls/ca.crt"', JSON.stringify(certificates?.mutual.clientCa))
      .replace(/max_file_store: \d+/, "max_file_store: 1000000000");
    await writeFile(`${store}.conf`, text);
    const env = environmentOf(template.spec.containers[0].env, name);
    for (const other of places) {
      env["ROUTES"] = env["ROUTES"]?.replace(`${other.name}.${RUN}-nats:6222`, `127.0.0.1:${other.route}`);
    }
    children.push(spawn(path, ["-c", `${store}.conf`], { stdio: "ignore", env }));
  }
  const scheme = certificates === undefined ? "nats" : "tls";
  const url = places.map(({ client }) => `${scheme}://127.0.0.1:${client}`).join(",");
  const link = (role: NatsRole, password = PASSWORDS[role]) =>
    openNats({ url, user: role, password, name: `test ${role}`, tls: certificates?.client ?? null });
  const close = async () => {
    for (const child of children) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    await folder[Symbol.asyncDispose]();
  };
  try {
    await until("nats-server to answer", async () => {
      await using held = await link("coordinator");
      return (await readStorage(held)).length === replicas;
    });
    return { url, link, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Tries again until it holds; what fails is tried again too. */
async function until(name: string, holds: () => Promise<boolean>): Promise<void> {
  const over = new AbortController();
  const trying = async () => {
    while (!over.signal.aborted) {
      if (await holds().catch(() => false)) return;
      await pause(100);
    }
  };
  await withDeadline(name, START_DEADLINE_MS, trying()).finally(() => over.abort());
}

/** As the kubelet sets it: `$(NAME)` stands for a variable before it. */
function environmentOf(list: readonly Manifest[], podName: string): NodeJS.ProcessEnv {
  const known: Record<string, string> = {};
  for (const { name, value, valueFrom } of list) {
    const key: string | undefined = valueFrom?.secretKeyRef?.key;
    const given = key === undefined ? podName : PASSWORDS[key.replace("-password", "") as NatsRole];
    known[name] =
      value === undefined
        ? given
        : value.replace(/\$\((\w+)\)/g, (_: string, other: string) => known[other] ?? "");
  }
  return known;
}

function isNamed(kind: string) {
  return (object: Manifest) => object.kind === kind && object.metadata.name === `${RUN}-nats`;
}
