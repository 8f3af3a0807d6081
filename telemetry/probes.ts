import { createHealth, type HealthReport } from "./health.ts";
import { type MetricsHandler, serveProbes } from "./serve-probes.ts";

/** What a process answers to whoever started it. Disposing closes its port. */
export interface Probes extends AsyncDisposable {
  readonly health: HealthReport;
  /** Null where nothing is served. */
  readonly port: number | null;
  /** Has `/metrics` answered by `handle` from now on. */
  serveMetrics(handle: MetricsHandler): void;
}

/**
 * Opens a process's probes; all but `/livez` and `/startupz` answer 503 until it says more.
 *
 * @param address - `host:port`; null: nothing is served, and its health is nobody's
 * @throws {ProbesUnservedError} when the port is in use or the address is not this machine's
 */
export async function openProbes(address: string | null): Promise<Probes> {
  const health = createHealth();
  let handler: MetricsHandler | null = null;
  const server = address === null ? null : await serveProbes({ address, health, metrics: () => handler });
  return {
    health,
    port: server?.port ?? null,
    serveMetrics: (handle) => {
      handler = handle;
    },
    [Symbol.asyncDispose]: async () => {
      await server?.[Symbol.asyncDispose]();
    },
  };
}
