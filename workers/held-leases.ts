import { CancelledError } from "../core/index.ts";

/** A lease that this worker works on. While it is held, heartbeats name it. */
export interface HeldLease extends Disposable {
  readonly lease: string;
  /** Aborts when the coordinator says that the lease is over. */
  readonly lost: AbortSignal;
}

/** The leases that heartbeats must name. */
export interface HeldLeases {
  readonly ids: readonly string[];
  /** Time between heartbeats: a sixth of the shortest term; infinite when nothing is held. */
  readonly heartbeatMs: number;
  /** Holds a lease that ends `termMs` after its last heartbeat. */
  hold(lease: string, termMs: number): HeldLease;
  /** Marks leases as over. */
  lose(leases: readonly string[]): void;
}

/** Heartbeats in the term of a lease. */
const HEARTBEATS_PER_TERM = 6;

/** No leases. */
export function createHeldLeases(): HeldLeases {
  const held = new Map<string, { readonly termMs: number; readonly lost: AbortController }>();

  return {
    get ids() {
      return [...held.keys()];
    },
    get heartbeatMs() {
      return Math.min(...[...held.values()].map(({ termMs }) => termMs)) / HEARTBEATS_PER_TERM;
    },
    hold: (lease, termMs) => {
      const entry = { termMs, lost: new AbortController() };
      held.set(lease, entry);
      return {
        lease,
        lost: entry.lost.signal,
        [Symbol.dispose]: () => {
          if (held.get(lease) === entry) held.delete(lease);
        },
      };
    },
    lose: (leases) => {
      for (const lease of leases) {
        held.get(lease)?.lost.abort(new CancelledError(`lease ${lease} is over`));
        held.delete(lease);
      }
    },
  };
}
