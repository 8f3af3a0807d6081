import { natsError } from "./errors.ts";
import type { NatsLink } from "./link.ts";

/** What is said on a subject from now on, until this is disposed or its signal aborts. */
export interface Hearing extends AsyncIterable<{ readonly data: Uint8Array }>, Disposable {}

/**
 * Listens to a subject. Nothing is kept for whoever listens: what is said while the connection is lost is not heard. No
 * consumer is made, since whoever makes one says where its messages go.
 *
 * @param name - what is heard, as it reads in an error
 */
export function hear(link: NatsLink, subject: string, name: string, signal: AbortSignal): Hearing {
  const messages = link.connection.subscribe(subject);
  const stop = () => messages.unsubscribe();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });

  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* messages;
      } catch (error) {
        throw natsError(name, error);
      }
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", stop);
      stop();
    },
  };
}
