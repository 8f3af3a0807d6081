import { type Client, connectivityState } from "@grpc/grpc-js";
import type { ClientTls } from "../tls/tls.ts";
import { LinkRefusedError } from "./errors.ts";
import { knock } from "./knock.ts";

/** What is known of the far end of a channel. */
export interface Door {
  /** Aborts, with a {@link LinkRefusedError}, once the two ends are found not to fit: no call will ever get through. */
  readonly refused: AbortSignal;
}

/**
 * Watches a channel. Calls wait for a connection until their deadline, which is right while a coordinator is being
 * started again, and of no use where a certificate is wrong; gRPC does not say which it is. So whenever a connection
 * fails, the far end is asked here.
 */
export function watchDoor(client: Client, address: string, tls: ClientTls | null): Door {
  const refusal = new AbortController();
  const channel = client.getChannel();
  let isAsking = false;

  async function ask(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    const cause = await knock(address, tls);
    isAsking = false;
    if (cause !== null) refusal.abort(new LinkRefusedError(`no link to ${address}: ${cause}`));
  }

  function follow(): void {
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.SHUTDOWN || refusal.signal.aborted) return;
    if (state === connectivityState.TRANSIENT_FAILURE) void ask();
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, follow);
  }

  follow();
  return { refused: refusal.signal };
}
