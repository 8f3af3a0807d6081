import { FleetError } from "../../core/index.ts";
import { type FleetHandlers, openFleetClient, serveFleet } from "../../transport/index.ts";
import { handlersThat } from "./fleet-handlers.ts";

/** The token that `serve` asks for. */
export const TOKEN = "right";

/** A server of these handlers, on a port that the system picks unless one is named. */
export const serve = (handlers: Partial<FleetHandlers>, port = 0) =>
  serveFleet({ host: "127.0.0.1", port, token: TOKEN, handlers: handlersThat(handlers), graceMs: 1_000 });

/** A client of the server on `port`. */
export const clientOf = (port: number, token = TOKEN) =>
  openFleetClient({ address: `127.0.0.1:${port}`, token, name: "test" });

/** What a handler throws to refuse a call for good. */
export class FencedError extends FleetError {
  readonly code = "test.fenced";
  readonly disposition = "fatal";
}

/** Resolves with an empty message when `signal` aborts. */
export function untilAborted(signal: AbortSignal): Promise<Record<string, never>> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve({}), { once: true }));
}
