import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Http2Session, ServerHttp2Stream } from "node:http2";

/** How much a sender may have under way before the receiver reads, in bytes: of a call, and of a connection's calls together. */
export const FLOW_CONTROL_WINDOW_BYTES = 1024 * 1024;

const CHANNEL = "http2.server.stream.created";

/**
 * Gives each connection that this process serves that window, from its first call on. grpc-js has an option for it that only its
 * clients heed: a server takes HTTP/2's 64 KiB, with which a sender 50 ms away cannot send more than 1.3 MB a second.
 */
export function widenServedWindows(): Disposable {
  const widened = new WeakSet<Http2Session>();
  const widen = (message: unknown) => {
    const { session } = (message as { readonly stream: ServerHttp2Stream }).stream;
    if (session === undefined || widened.has(session)) return;
    widened.add(session);
    session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES);
    session.settings({ initialWindowSize: FLOW_CONTROL_WINDOW_BYTES });
  };
  subscribe(CHANNEL, widen);
  return { [Symbol.dispose]: () => void unsubscribe(CHANNEL, widen) };
}
