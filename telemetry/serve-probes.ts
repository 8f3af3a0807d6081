import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FleetError } from "../core/index.ts";
import type { HealthReport } from "./health.ts";

/** Nobody can be answered there. */
class ProbesUnservedError extends FleetError {
  readonly code = "telemetry.probes_unserved";
  readonly disposition = "reject";
}

/** Answers a request for metrics. */
export type MetricsHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A process's open port for probes and metrics. Disposing closes it. */
export interface ProbeServer extends AsyncDisposable {
  readonly port: number;
}

/** What is served, and where. */
export interface ProbeOptions {
  /** `host:port`, an IPv6 host in brackets; port 0: one that the system picks. */
  readonly address: string;
  readonly health: Pick<HealthReport, "startup" | "readinessBut">;
  /** Null while there are none yet. */
  metrics(): MetricsHandler | null;
}

const NOT_YET = "no metrics yet: the run's configuration is not known";

/**
 * Serves `/startupz`, `/readyz` and `/livez` (200, or 503 with one sentence) and `/metrics` in Prometheus's text format.
 * All are answered by this process's event loop and ask no other process, so that none is restarted for another's fault.
 * `/readyz?exclude=KIND`, as often as there are kinds, says nothing of what is lacking of that kind.
 *
 * @throws {ProbesUnservedError} when the port is in use or the address is not this machine's
 */
export async function serveProbes({ address, health, metrics }: ProbeOptions): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    const [path, query] = (request.url ?? "").split("?");
    switch (path) {
      case "/startupz":
        return answer(response, health.startup);
      case "/readyz":
        return answer(response, health.readinessBut(new URLSearchParams(query).getAll("exclude")));
      case "/livez":
        return answer(response, null);
      case "/metrics": {
        const handle = metrics();
        return handle === null ? answer(response, NOT_YET) : handle(request, response);
      }
      default:
        return send(response, 404, "there are /metrics, /startupz, /readyz and /livez");
    }
  });
  server.unref(); // A process ends when its work does.
  await listen(server, address);
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, address: string): Promise<void> {
  const { hostname, port } = new URL(`http://${address}`);
  const host = hostname.replace(/^\[|\]$/g, "");
  try {
    server.listen({ host, port: Number(port) });
    await once(server, "listening");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? "the port is in use by another process" : message;
    throw new ProbesUnservedError(`metrics cannot be served at ${address}: ${why}`, { cause });
  }
}

function answer(response: ServerResponse, trouble: string | null): void {
  send(response, trouble === null ? 200 : 503, trouble ?? "ok");
}

function send(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${sentence}\n`);
}
