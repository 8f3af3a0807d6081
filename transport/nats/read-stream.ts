import { DeliverPolicy } from "@nats-io/jetstream";
import { DeadlineError } from "../../core/index.ts";
import { natsError } from "./errors.ts";
import type { NatsLink } from "./link.ts";

/** A stored message. */
export interface StoredMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
}

const STALL_DEADLINE_MS = 30_000;
/** Messages under way while the reader works. */
const AHEAD = 500;

/**
 * Reads a stream in order, from sequence `from` to the last one there is at the call, or to `to` where that is less.
 *
 * @throws {DeadlineError} when nothing came for 30 s
 */
export async function* readStream(
  link: NatsLink,
  stream: string,
  from: number,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<StoredMessage, void> {
  const { state } = await link.ask(`stream ${stream}`, () => link.manager.streams.info(stream));
  const last = Math.min(to, state.last_seq);
  const first = Math.max(from, state.first_seq);
  if (state.messages === 0 || first > last) return;

  const start = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: first };
  const consumer = await link.ask(`a reader of ${stream}`, () => link.stream.consumers.get(stream, start));
  const messages = await consumer.consume({ max_messages: AHEAD });
  const stalled = () =>
    messages.stop(new DeadlineError(`waited ${STALL_DEADLINE_MS} ms for the next message of ${stream}`));
  const watchdog = setTimeout(stalled, STALL_DEADLINE_MS);
  try {
    for await (const { seq, data, info } of messages) {
      watchdog.refresh();
      if (seq <= last) yield { sequence: seq, data };
      if (seq >= last || info.pending === 0) return;
    }
  } catch (error) {
    throw natsError(`messages of ${stream}`, error);
  } finally {
    clearTimeout(watchdog);
    messages.stop();
    await consumer.delete().catch(() => {}); // The server forgets an idle one by itself.
  }
}
