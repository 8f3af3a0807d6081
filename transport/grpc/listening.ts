import { createServer, isIPv6 } from "node:net";
import type { Server, ServerCredentials } from "@grpc/grpc-js";
import { FleetError } from "../../core/index.ts";

/** The address cannot be listened on. */
class CannotListenError extends FleetError {
  readonly code = "transport.cannot_listen";
  readonly disposition = "reject";
}

/**
 * Checks that nobody listens where this process will, before it takes over what only one may have.
 *
 * @param port - 0: one that the system picks, which is free
 * @throws {CannotListenError} when another process does
 */
export async function assertPortFree(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE") return reject(inUse(host, port, cause));
      reject(
        new CannotListenError(`cannot listen on ${joinAddress(host, port)}: ${cause.message}`, { cause }),
      );
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** Begins to answer calls. @returns the port @throws {CannotListenError} */
export function listenOn(
  server: Server,
  credentials: ServerCredentials,
  host: string,
  port: number,
): Promise<number> {
  const address = joinAddress(host, port);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, boundPort) => {
      if (cause === null) return resolve(boundPort);
      if (cause.message.includes("EADDRINUSE")) return reject(inUse(host, port, cause));
      reject(new CannotListenError(`cannot listen on ${address}: ${cause.message}`, { cause }));
    });
  });
}

function inUse(host: string, port: number, cause: unknown): CannotListenError {
  return new CannotListenError(`port ${port} on ${host} is in use by another process`, { cause });
}

/** `host:port`, as URLs write it. */
function joinAddress(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
