import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { RunFolder } from "../run-folder.ts";

const LOOPBACK = "127.0.0.1";

/** Where each process of a local run serves its metrics, by its name; a process that is not named serves none. */
export type MetricsPorts = Readonly<Record<string, number>>;

/**
 * Finds a free port for each of some processes of a run, the same ones at every start, and writes them into
 * `endpoints.json`. To be called just before they are started: what listens where the system picks may take one else.
 */
export async function recordMetricsPorts(folder: RunFolder, names: readonly string[]): Promise<MetricsPorts> {
  const { metrics: known = {} } = await folder.endpoints();
  const missing = names.filter((name) => known[name] === undefined);
  const picked = await freePorts(missing.length);
  const ports = Object.fromEntries(names.map((name) => [name, known[name] ?? (picked.shift() as number)]));
  await folder.recordEndpoints({ metrics: { ...known, ...ports } });
  return ports;
}

/** What a process is told of it. */
export function metricsArguments(ports: MetricsPorts, name: string): string[] {
  const port = ports[name];
  return port === undefined ? [] : ["--metrics", `${LOOPBACK}:${port}`];
}

/** Ports that the system picked, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, LOOPBACK));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
