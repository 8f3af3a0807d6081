import { DeadlineError, pause, withDeadline } from "../../core/index.ts";
import { isListening } from "../is-listening.ts";

/** Somebody that a process of a run cannot do without. */
export interface Peer {
  /** As it reads after "waited for", such as "nats-server". */
  readonly name: string;
  /** `host:port`, several separated by commas: one of them is enough. A scheme before it is left out of account. */
  readonly addresses: string;
}

/** How long to wait, and who is told. */
export interface Patience {
  readonly waitMs: number;
  readonly stop: AbortSignal;
  /** Told once, when the peer is not there at the first look. */
  readonly say: (line: string) => void;
}

const LOOK_MS = 500;

/**
 * Waits until a peer accepts connections: the processes of a run start in any order.
 *
 * @throws {DeadlineError} naming it and its address
 * @throws {CancelledError} when `stop` aborts
 */
export async function waitForPeer(peer: Peer, { waitMs, stop, say }: Patience): Promise<void> {
  const hosts = peer.addresses.split(",").map(hostOf);
  const over = new AbortController();
  const listening = async () => {
    for (let look = 0; !over.signal.aborted; look++) {
      const there = await Promise.all(hosts.map(isListening));
      if (there.includes(true)) return;
      if (look === 0)
        say(`waiting for ${peer.name} at ${peer.addresses}, for ${Math.round(waitMs / 1_000)} s at most`);
      await pause(LOOK_MS, over.signal);
    }
  };
  try {
    await withDeadline(`${peer.name} at ${peer.addresses}`, waitMs, listening(), stop);
  } catch (cause) {
    if (!(cause instanceof DeadlineError)) throw cause;
    throw new DeadlineError(
      `waited ${Math.round(waitMs / 1_000)} s for ${peer.name} at ${peer.addresses}: nobody accepts connections there`,
      { cause },
    );
  } finally {
    over.abort();
  }
}

function hostOf(address: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(address.includes("://") ? address : `tcp://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}
