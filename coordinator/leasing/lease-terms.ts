import type { Clock } from "../../core/index.ts";

/**
 * How long each lease is still good for. Only this process's monotonic clock judges, so a term is not in the ledger;
 * after a restart every lease that the ledger holds gets one full term.
 */
export interface LeaseTerms {
  /** From a lease's last sign of life to its end. */
  readonly termMs: number;
  /** Begins a term, or begins it anew. */
  renew(lease: string): void;
  forget(lease: string): void;
  /** Leases with a term. */
  held(): Iterable<string>;
  /** What is left of a lease's term; 0 for one that has none. */
  remainingMs(lease: string): number;
  /** Leases whose term is over. */
  expired(): string[];
}

/** @param termMs - from a lease's last sign of life to its end */
export function createLeaseTerms(clock: Clock, termMs: number): LeaseTerms {
  const endsAt = new Map<string, number>();
  return {
    termMs,
    renew: (lease) => void endsAt.set(lease, clock.monotonicMs() + termMs),
    forget: (lease) => void endsAt.delete(lease),
    held: () => endsAt.keys(),
    remainingMs: (lease) => Math.max(0, (endsAt.get(lease) ?? 0) - clock.monotonicMs()),
    expired: () => {
      const now = clock.monotonicMs();
      const over: string[] = [];
      for (const [lease, end] of endsAt) if (end <= now) over.push(lease);
      return over;
    },
  };
}
