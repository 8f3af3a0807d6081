import {
  Client,
  type ClientDuplexStream,
  connectivityState,
  type CallOptions as GrpcCallOptions,
  type Metadata,
} from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { beginWait } from "../../core/index.ts";
import type { ClientTls } from "../tls/tls.ts";
import { authorized } from "./authorization.ts";
import { CLIENT_OPTIONS } from "./channel.ts";
import { diallingOf } from "./credentials.ts";
import { watchDoor } from "./door.ts";
import { type CallName, errorOf } from "./errors.ts";
import { messagesUntil, writeMessage } from "./streams.ts";

/** What a caller may add to a call. */
export interface CallOptions {
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
  /** W3C trace context to pass on. */
  readonly traceparent?: string;
  /** Longest wait, in milliseconds, instead of the call's own. */
  readonly deadlineMs?: number;
}

/** A message definition as far as a caller needs it: what may be sent, and what comes back. */
type Method<Init, Answer> = MethodDefinition<Init, object, object, Answer>;

/** gRPC's four kinds of call over one connection that is dialled when needed and dialled again when lost. */
export interface Calls extends AsyncDisposable {
  unary<Init, Answer>(
    method: Method<Init, Answer>,
    request: Init,
    name: string,
    deadlineMs: number,
    options?: CallOptions,
  ): Promise<Answer>;
  /** Leaving the loop ends the call. */
  serverStream<Init, Message>(
    method: Method<Init, Message>,
    request: Init,
    name: string,
    options?: CallOptions,
  ): AsyncGenerator<Message, void>;
  clientStream<Init, Answer>(
    method: Method<Init, Answer>,
    messages: Iterable<Init>,
    name: string,
    deadlineMs: number,
    options?: CallOptions,
  ): Promise<Answer>;
  bidirectional<Init, Message>(method: Method<Init, Message>): ClientDuplexStream<Init, Message>;
  /** Whether the other end is there at the moment. */
  isConnected(): boolean;
  /** Name of a call, for its errors. */
  named(name: string, deadlineMs: number): CallName;
}

/**
 * Opens a channel to a coordinator; nothing is dialled before the first call.
 *
 * @param tls - null: plain text
 * @throws {UnusableCertificateError} when what is given for TLS is no certificate, or the key is of another one
 */
export function openCalls(address: string, token: string, tls: ClientTls | null): Calls {
  const { credentials, options: tlsOptions } = diallingOf(address, tls);
  const client = new Client(address, credentials, { ...CLIENT_OPTIONS, ...tlsOptions });
  const { refused } = watchDoor(client, address, tls);
  const live = new Set<{ cancel(): void }>();
  const named = (name: string, deadlineMs: number): CallName => ({ name, address, deadlineMs });

  /** Runs one call; it is cancelled by the caller's signal and when the client is disposed of. */
  async function track<T>(
    call: CallName,
    signal: AbortSignal | undefined,
    start: (adopt: (call: { cancel(): void }) => void) => Promise<T>,
  ): Promise<T> {
    using _ = beginWait(call.name, call.deadlineMs);
    const cancels: { cancel(): void }[] = [];
    const cancel = () => {
      for (const started of cancels) started.cancel();
    };
    const handle = { cancel };
    live.add(handle);
    signal?.addEventListener("abort", cancel, { once: true });
    refused.addEventListener("abort", cancel, { once: true });
    try {
      return await start((started) => {
        cancels.push(started);
        if (signal?.aborted || refused.aborted) started.cancel();
      });
    } catch (error) {
      throw refused.aborted ? refused.reason : errorOf(error, call);
    } finally {
      live.delete(handle);
      signal?.removeEventListener("abort", cancel);
      refused.removeEventListener("abort", cancel);
    }
  }

  return {
    named,

    unary: (method, request, name, deadlineMs, options = {}) => {
      const call = named(name, options.deadlineMs ?? deadlineMs);
      return track(call, options.signal, (adopt) => {
        const { promise, resolve, reject } = Promise.withResolvers<never>();
        adopt(
          client.makeUnaryRequest(
            method.path,
            method.requestSerialize,
            method.responseDeserialize,
            request,
            metadataOf(token, options),
            deadlineIn(call.deadlineMs),
            (error, answer) => (error ? reject(error) : resolve(answer as never)),
          ),
        );
        return promise;
      });
    },

    serverStream: async function* (method, request, name, options = {}) {
      const stream = client.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadataOf(token, options),
      );
      const never = new AbortController().signal;
      const cancel = () => stream.cancel();
      stream.on("error", () => {}); // Also raised in the loop; without a listener it would end the process.
      live.add(stream);
      const givenUp = AbortSignal.any([refused, ...(options.signal ? [options.signal] : [])]);
      givenUp.addEventListener("abort", cancel, { once: true });
      if (givenUp.aborted) cancel();
      try {
        yield* messagesUntil(stream, never);
      } catch (error) {
        throw refused.aborted ? refused.reason : errorOf(error, named(name, 0));
      } finally {
        givenUp.removeEventListener("abort", cancel);
        live.delete(stream);
        stream.cancel();
      }
    },

    clientStream: (method, messages, name, deadlineMs, options = {}) => {
      const call = named(name, options.deadlineMs ?? deadlineMs);
      return track(call, options.signal, async (adopt) => {
        const { promise, resolve, reject } = Promise.withResolvers<never>();
        const answered = new AbortController();
        const stream = client.makeClientStreamRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          metadataOf(token, options),
          deadlineIn(call.deadlineMs),
          (error, answer) => {
            answered.abort();
            if (error) reject(error);
            else resolve(answer as never);
          },
        );
        adopt(stream);
        stream.on("error", () => {}); // The callback has it.
        const upload = async () => {
          for (const message of messages) {
            if (answered.signal.aborted) return;
            await writeMessage(stream, message, name, call.deadlineMs, answered.signal);
          }
          stream.end();
        };
        upload().catch(() => {}); // The call's own end says why.
        return promise;
      });
    },

    bidirectional: (method) => {
      const stream = client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        metadataOf(token, {}),
      );
      live.add(stream);
      const refuse = () => stream.destroy(refused.reason);
      refused.addEventListener("abort", refuse, { once: true });
      if (refused.aborted) refuse();
      stream.once("close", () => {
        live.delete(stream);
        refused.removeEventListener("abort", refuse);
      });
      return stream;
    },

    isConnected: () => client.getChannel().getConnectivityState(false) === connectivityState.READY,

    [Symbol.asyncDispose]: async () => {
      for (const call of live) call.cancel();
      client.close();
    },
  };
}

/** Calls wait for the connection until their deadline, so that a coordinator may be started again under them. */
function metadataOf(token: string, { traceparent }: CallOptions): Metadata {
  const metadata = authorized(token);
  metadata.setOptions({ waitForReady: true });
  if (traceparent) metadata.set("traceparent", traceparent);
  return metadata;
}

function deadlineIn(deadlineMs: number): GrpcCallOptions {
  return { deadline: Date.now() + deadlineMs };
}
