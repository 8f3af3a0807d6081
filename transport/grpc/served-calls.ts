import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
} from "@grpc/grpc-js";
import { CancelledError, FleetError } from "../../core/index.ts";
import { statusOf } from "./errors.ts";
import type { CallContext } from "./handlers.ts";
import { messagesUntil, writeMessage } from "./streams.ts";

/** A caller that has not read for this long is given up. */
const ROOM_DEADLINE_MS = 60_000;

/** Turns plain functions into gRPC's handlers, and knows which calls are being served. */
export interface ServedCalls {
  unary<Request, Answer>(
    handle: (request: Request, context: CallContext) => Promise<Answer>,
  ): handleUnaryCall<Request, Answer>;
  serverStream<Request, Message>(
    name: string,
    handle: (request: Request, context: CallContext) => AsyncIterable<Message>,
  ): handleServerStreamingCall<Request, Message>;
  clientStream<Message, Answer>(
    handle: (messages: AsyncIterable<Message>, context: CallContext) => Promise<Answer>,
  ): handleClientStreamingCall<Message, Answer>;
  bidirectional<Message, Answer>(
    name: string,
    handle: (
      messages: AsyncIterable<Message>,
      answers: { send(answer: Answer): Promise<void> },
      context: CallContext,
    ) => Promise<void>,
  ): handleBidiStreamingCall<Message, Answer>;
  /** Tells every call being served that nobody waits for it any more. */
  abandon(reason: FleetError): void;
}

/** @param onUnexpected - told of errors that are no {@link FleetError}: faults in a handler */
export function createServedCalls(onUnexpected: (error: unknown) => void): ServedCalls {
  const live = new Set<AbortController>();

  /** Serves one call; what `serve` throws is given to `fail` unless the caller is gone. */
  async function track(
    call: { readonly metadata: Metadata; once(event: "cancelled", listener: () => void): unknown },
    serve: (context: CallContext, gone: AbortSignal) => Promise<void>,
    fail: (error: unknown) => void,
  ): Promise<void> {
    const gone = new AbortController();
    const unwanted = new AbortController(); // Also while closing, when the caller can still be answered.
    live.add(unwanted);
    call.once("cancelled", () => {
      const reason = new CancelledError("the caller is gone");
      gone.abort(reason);
      unwanted.abort(reason);
    });
    const traceparent = String(call.metadata.get("traceparent")[0] ?? "");
    try {
      await serve({ signal: unwanted.signal, traceparent }, gone.signal);
    } catch (error) {
      if (!(error instanceof FleetError) && !unwanted.signal.aborted) onUnexpected(error);
      fail(error);
    } finally {
      live.delete(unwanted);
    }
  }

  return {
    unary: (handle) => (call, answer) =>
      void track(
        call,
        async (context) => answer(null, await handle(call.request, context)),
        (error) => answer(statusOf(error)),
      ),

    serverStream: (name, handle) => (call) =>
      void track(
        call,
        async (context, gone) => {
          for await (const message of handle(call.request, context)) {
            await writeMessage(call, message, name, ROOM_DEADLINE_MS, gone);
          }
          call.end();
        },
        (error) => call.emit("error", statusOf(error)),
      ),

    clientStream: (handle) => (call, answer) =>
      void track(
        call,
        async (context) => answer(null, await handle(messagesUntil(call, context.signal), context)),
        (error) => answer(statusOf(error)),
      ),

    bidirectional: (name, handle) => (call) =>
      void track(
        call,
        async (context, gone) => {
          const send = (message: unknown) => writeMessage(call, message, name, ROOM_DEADLINE_MS, gone);
          await handle(messagesUntil(call, context.signal), { send }, context);
          call.end();
        },
        (error) => call.emit("error", statusOf(error)),
      ),

    abandon: (reason) => {
      for (const call of live) call.abort(reason);
    },
  };
}
