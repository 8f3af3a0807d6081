import type { ServerResponse } from "node:http";

/** Those who listen for what changes. */
export interface EventStream extends Disposable {
  /** Takes over a response: it stays open, and gets the newest event at once and every later one. */
  add(response: ServerResponse): void;
  /** Sends what is new without waiting for the next turn. @returns how many listen */
  tell(): number;
}

const TURN_MS = 1_000;
/** A line that keeps what is between from closing a quiet connection. */
const QUIET_TURNS = 15;
/** Who has so much unread is let go, and asks again. */
const MOST_UNREAD_BYTES = 1 << 20;

/**
 * Opens a stream of server-sent events `status`: what `read` gives, whenever it differs from the last. Nothing is read
 * while nobody listens.
 */
export function openEventStream(read: () => unknown): EventStream {
  const listeners = new Set<ServerResponse>();
  let last = "";
  let quiet = 0;

  function turn(): void {
    if (listeners.size === 0) return;
    const now = `event: status\ndata: ${JSON.stringify(read())}\n\n`;
    const isNew = now !== last;
    last = now;
    quiet = isNew ? 0 : quiet + 1;
    if (isNew) send(now);
    else if (quiet % QUIET_TURNS === 0) send(": nothing new\n\n");
  }

  function send(text: string): void {
    for (const response of listeners) {
      if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
      else response.write(text);
    }
  }

  const timer = setInterval(turn, TURN_MS);
  timer.unref();

  return {
    add: (response) => {
      response.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
      response.write(`retry: 2000\nevent: status\ndata: ${JSON.stringify(read())}\n\n`);
      listeners.add(response);
      response.once("close", () => listeners.delete(response));
    },
    tell: () => {
      turn();
      return listeners.size;
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      for (const response of listeners) response.end();
    },
  };
}
