import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findNatsServer, type NatsLink, type NatsRole, openNats } from "../../transport/index.ts";
import { freePort } from "./bare-server.ts";
import type { TestCertificates } from "./certificates.ts";
import { endProcess } from "./end-process.ts";
import { type Manifest, named, render } from "./helm.ts";
import { until } from "./nats-cluster.ts";
import { openTemporaryFolder } from "./temporary-folder.ts";

/** What of the chart's servers a test may choose. */
export interface ChartServersOptions {
  readonly release?: string;
  /** Further values, as `--set` takes them. */
  readonly set?: readonly string[];
  /** Where the values have TLS. */
  readonly certificates?: TestCertificates;
  /** Where leafs find their hub, in place of the address in the values. */
  readonly hub?: number;
}

/** Servers of the chart's configuration, on this machine's ports and with their data in temporary folders. */
export interface ChartServers extends AsyncDisposable {
  readonly url: string;
  /** Where each takes leafs, if it does. */
  readonly leafPorts: readonly number[];
  /** A new connection as a role. */
  link(role: NatsRole, more?: { readonly password?: string; readonly domain?: string }): Promise<NatsLink>;
}

/** nats-server would read each as a number, where it stands without quotes. */
export const PASSWORDS = { coordinator: "12345678", worker: "8k", route: "0x10" };

/** Starts the servers that the chart makes of a file of values, and waits until they listen. */
export async function startChartServers(
  helm: string,
  values: string,
  { release = "my-run", set = [], certificates, hub }: ChartServersOptions = {},
): Promise<ChartServers> {
  const objects = render(helm, values, { release, set, apis: ["cert-manager.io/v1"] });
  const config: string = named(objects, "ConfigMap", `${release}-nats`).data["nats.conf"];
  const { replicas, template } = named(objects, "StatefulSet", `${release}-nats`).spec;
  const { path } = await findNatsServer();
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await openTemporaryFolder());
  const places = await Promise.all(
    Array.from({ length: replicas }, async (_, index) => ({
      name: `${release}-nats-${index}`,
      client: await freePort(),
      route: await freePort(),
      leafs: await freePort(),
    })),
  );
  for (const place of places) {
    const store = join(folder.path, place.name);
    await mkdir(store);
    await writeFile(`${store}.conf`, placed(config, place, store, certificates));
    const env = environmentOf(template.spec.containers[0].env, place.name);
    for (const { name, route } of places) {
      env["ROUTES"] = env["ROUTES"]?.replace(`${name}.${release}-nats:6222`, `127.0.0.1:${route}`);
    }
    env["HUB"] = env["HUB"]?.replace(/@[^"]*/, `@127.0.0.1:${hub}`);
    const child = spawn(path, ["-c", `${store}.conf`], { stdio: "ignore", env });
    starting.defer(() => endProcess(child, "SIGKILL", "a nats-server"));
  }
  const scheme = certificates === undefined ? "nats" : "tls";
  const url = places.map(({ client }) => `${scheme}://127.0.0.1:${client}`).join(",");
  const link: ChartServers["link"] = (role, more) =>
    openNats({
      ...{ url, user: role, password: PASSWORDS[role], name: `test ${role}` },
      ...{ tls: certificates?.client ?? null, ...more },
    });
  await until("nats-server to answer", async () => {
    await using _ = await link("worker");
    return true;
  });
  const running = starting.move();
  return {
    url,
    leafPorts: places.map(({ leafs }) => leafs),
    link,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A configuration with this machine's ports and files. */
function placed(
  config: string,
  { client, route, leafs }: { readonly client: number; readonly route: number; readonly leafs: number },
  store: string,
  certificates?: TestCertificates,
): string {
  return config
    .replace('"0.0.0.0:4222"', `"127.0.0.1:${client}"`)
    .replace('"0.0.0.0:6222"', `"127.0.0.1:${route}"`)
    .replace('"0.0.0.0:7422"', `"127.0.0.1:${leafs}"`)
    .replace("http: 8222\n", "")
    .replace('"/data/jetstream"', JSON.stringify(store))
    .replaceAll('"/tls/tls.crt"', JSON.stringify(certificates?.mutual.certificate))
    .replaceAll('"/tls/tls.key"', JSON.stringify(certificates?.mutual.key))
    .replaceAll('"/tls/ca.crt"', JSON.stringify(certificates?.mutual.clientCa))
    .replaceAll('"/client-tls/tls.crt"', JSON.stringify(certificates?.clientFiles.certificate))
    .replaceAll('"/client-tls/tls.key"', JSON.stringify(certificates?.clientFiles.key))
    .replace(/max_file_store: \d+/, "max_file_store: 1000000000");
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
