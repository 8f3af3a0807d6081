/**
 * Who of several autoscalers acts: the one that holds a Lease and goes on renewing it.
 *
 * Nobody's clock is believed. A Lease has run out when it did not change for its duration, by the clock of whoever looks;
 * and a holder gives itself up well before that, when it could not renew it.
 *
 * @module
 */
import type { Clock } from "../core/index.ts";

/** A Lease as it is stored. */
export interface LeaseRecord {
  readonly holder: string;
  readonly durationSeconds: number;
  /** Changes with every write. */
  readonly version: string;
}

/** Where the Lease is. Writing fails when somebody else wrote since it was read. */
export interface LeaseStore {
  read(): Promise<LeaseRecord | null>;
  /** @param before - what it was read as; null: it was not there */
  write(holder: string, durationSeconds: number, before: LeaseRecord | null): Promise<LeaseRecord>;
}

/** Who leads, as this process sees it. */
export interface Leader {
  /** Takes or renews the Lease where it may. @returns whether this process may act now */
  hold(): Promise<boolean>;
  /** Lets go, so that another need not wait. */
  release(): Promise<void>;
}

const DURATION_SECONDS = 15;
/** Of the duration, in which a holder must have renewed. */
const RENEW_SHARE = 2 / 3;

/** Creates a candidate. @param identity - unique among those that may hold the Lease */
export function createLeader(store: LeaseStore, identity: string, clock: Clock): Leader {
  let seen: { readonly record: LeaseRecord; readonly sinceMs: number } | null = null;
  let renewedMs = Number.NEGATIVE_INFINITY;

  function observe(record: LeaseRecord): void {
    if (seen?.record.version !== record.version) seen = { record, sinceMs: clock.monotonicMs() };
  }

  function mayTake(record: LeaseRecord): boolean {
    if (record.holder === identity || record.holder === "") return true;
    const unchangedMs = clock.monotonicMs() - (seen?.sinceMs ?? clock.monotonicMs());
    return unchangedMs > record.durationSeconds * 1_000;
  }

  function isHeld(): boolean {
    return clock.monotonicMs() - renewedMs < DURATION_SECONDS * RENEW_SHARE * 1_000;
  }

  return {
    hold: async () => {
      const startedMs = clock.monotonicMs();
      try {
        const record = await store.read();
        if (record !== null) observe(record);
        if (record !== null && !mayTake(record)) {
          renewedMs = Number.NEGATIVE_INFINITY;
          return false;
        }
        observe(await store.write(identity, DURATION_SECONDS, record));
        renewedMs = startedMs;
      } catch (error) {
        if (!isHeld()) throw error;
      }
      return isHeld();
    },
    release: async () => {
      const wasHeld = isHeld();
      renewedMs = Number.NEGATIVE_INFINITY;
      const record = wasHeld ? await store.read() : null;
      if (record?.holder === identity) await store.write("", DURATION_SECONDS, record);
    },
  };
}
