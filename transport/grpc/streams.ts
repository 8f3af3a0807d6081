import { once } from "node:events";
import type { Writable } from "node:stream";
import { withDeadline } from "../../core/index.ts";

/**
 * Writes one message and waits until there is room for another. A receiver that reads slowly holds the sender here.
 *
 * @param name - the stream, as it reads after "waited … for room in"
 * @throws {DeadlineError} when the receiver has not read for `deadlineMs`
 * @throws {CancelledError} once `signal` aborts
 */
export async function writeMessage(
  stream: Writable,
  message: unknown,
  name: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (stream.write(message)) return;
  await withDeadline(`room in ${name}`, deadlineMs, room(stream), signal);
}

/** Those who wait for room in a stream wait for the same event. */
const rooms = new WeakMap<Writable, Promise<unknown>>();

function room(stream: Writable): Promise<unknown> {
  const known = rooms.get(stream);
  if (known !== undefined) return known;
  const drained = once(stream, "drain").finally(() => rooms.delete(stream));
  rooms.set(stream, drained);
  return drained;
}

/** The messages of a stream until it ends or `signal` aborts, whichever comes first; an abort is not an error. */
export async function* messagesUntil<Message>(
  stream: AsyncIterable<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message, void> {
  const iterator = stream[Symbol.asyncIterator]();
  while (true) {
    const next = await nextUntil(iterator, signal);
    if (next.done) return;
    yield next.value;
  }
}

/** The listener goes with every message: one race against a promise that outlives them would keep them all. */
function nextUntil<Message>(
  iterator: AsyncIterator<Message>,
  signal: AbortSignal,
): Promise<IteratorResult<Message, undefined>> {
  return new Promise((resolve, reject) => {
    const end = () => resolve({ done: true, value: undefined });
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
    iterator
      .next()
      .then(resolve, (error: unknown) => (signal.aborted ? end() : reject(error)))
      .finally(() => signal.removeEventListener("abort", end));
  });
}
