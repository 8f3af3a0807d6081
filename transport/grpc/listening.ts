import { createServer, isIPv6 } from "node:net";
import { FleetError } from "../../core/index.ts";

/** The address cannot be listened on. */
export class CannotListenError extends FleetError {
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

export function inUse(host: string, port: number, cause: unknown): CannotListenError {
  return new CannotListenError(`port ${port} on ${host} is in use by another process`, { cause });
}

/** `host:port`, as URLs write it. */
export function joinAddress(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
