import { type ClientDuplexStream, status } from "@grpc/grpc-js";
import { CancelledError, type FleetError, withDeadline } from "../../core/index.ts";
import type { CollectAnswer, CollectMessageInit } from "../../proto/index.ts";
import { type CallName, CoordinatorUnreachableError, errorOf } from "./errors.ts";
import { messagesUntil, writeMessage } from "./streams.ts";

/** A coordinator that has not read for this long is given up; the caller opens another stream. */
const ROOM_DEADLINE_MS = 60_000;
/** The coordinator answers what it has read before it ends the stream. */
const CLOSE_DEADLINE_MS = 30_000;

/**
 * A worker's stream to the coordinator. It ends with the connection: after an error from `send` or `answers` the worker
 * opens another one and sends again what was not answered.
 */
export interface CollectStream extends AsyncDisposable {
  /**
   * Sends one message; resolves when there is room for the next, which says nothing about it having arrived: the
   * answers do. May be called by several at once.
   *
   * @throws {FleetError} what ended the stream
   */
  send(message: CollectMessageInit): Promise<void>;
  /**
   * To be read by one loop. Ends after `close` or dispose; throws what ended the stream otherwise, also when that is a
   * coordinator that closes in order.
   */
  readonly answers: AsyncIterable<CollectAnswer>;
  /** No more messages. Resolves once the coordinator has answered all; `answers` must be read meanwhile. */
  close(): Promise<void>;
}

/** Wraps gRPC's stream. */
export function createCollectStream(
  stream: ClientDuplexStream<CollectMessageInit, CollectAnswer>,
  call: CallName,
): CollectStream {
  const over = new AbortController();
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {}); // Looked at by `close` and the reader.
  let closing = false;
  let disposed = false;

  const fail = (failure: FleetError) => {
    over.abort(failure);
    ended.reject(failure);
  };
  stream.on("error", (error) =>
    fail(disposed ? new CancelledError(`${call.name} was closed here`) : errorOf(error, call)),
  );
  stream.on("status", ({ code }) => {
    if (code !== status.OK) return; // The error follows.
    if (!closing)
      return fail(new CoordinatorUnreachableError(`the coordinator at ${call.address} ended ${call.name}`));
    over.abort(new CancelledError(`${call.name} has ended`));
    ended.resolve();
  });

  async function* answers(): AsyncGenerator<CollectAnswer, void> {
    try {
      yield* messagesUntil(stream, new AbortController().signal);
      await ended.promise;
    } catch (error) {
      if (!disposed) throw errorOf(error, call);
    }
  }

  return {
    send: async (message) => {
      if (over.signal.aborted) throw over.signal.reason;
      try {
        await writeMessage(stream, message, call.name, ROOM_DEADLINE_MS, over.signal);
      } catch (error) {
        throw over.signal.aborted ? over.signal.reason : errorOf(error, call);
      }
    },
    answers: answers(),
    close: async () => {
      closing = true;
      stream.end();
      await withDeadline(`the end of ${call.name}`, CLOSE_DEADLINE_MS, ended.promise);
    },
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      stream.cancel();
    },
  };
}
