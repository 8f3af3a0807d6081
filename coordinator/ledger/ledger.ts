/**
 * The ledger as the coordinator uses it: what is known, and the one way to change it.
 *
 * Deciding, applying and enqueueing happen in one synchronous turn. One append is in flight; what is decided meanwhile
 * goes into the next (group commit). Nothing may leave the process before the append that it depends on is
 * acknowledged: `decide` resolves then.
 *
 * @module
 */
import { type Clock, crashPoint } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import type { LedgerLog, SnapshotStore } from "../../transport/index.ts";
import { appendOnce } from "./append-once.ts";
import type { Decision, LedgerEvent } from "./events.ts";
import { applyEvent } from "./fold.ts";
import { encodeEvents } from "./read-events.ts";
import { type Replayed, replayLedger } from "./replay.ts";
import { createSnapshotWriter } from "./snapshot-writer.ts";
import type { LedgerState } from "./state.ts";

/** The open ledger of a run. Only the coordinator that opened it last may decide. */
export interface Ledger {
  /** The fold over everything decided so far, durable or about to be. Read it, never write it. */
  readonly state: LedgerState;
  /**
   * Decides: the state changes at once; resolves once all of it is durable.
   *
   * @throws {IllegalTransitionError} at once, when a decision cannot follow; the ledger has then failed
   * @throws {FencedError} when another coordinator has written; nothing that was decided here since survives
   */
  decide(...decisions: readonly Decision[]): Promise<void>;
  /** Resolves once everything decided so far is durable. */
  settled(): Promise<void>;
  /** Stores a snapshot of the state as it is, unless more is decided meanwhile or there is nowhere to store it. */
  snapshot(): Promise<void>;
  /** Rejects when nothing can be decided any more. */
  readonly failed: Promise<never>;
}

/** How long storage may be unreachable before the coordinator gives up. */
const APPEND_DEADLINE_MS = 300_000;

/** What the opener of a ledger may choose. */
export interface LedgerOptions {
  /** How long storage may be unreachable or full, in milliseconds; five minutes by default. */
  readonly giveUpMs?: number;
  /** Told when decisions cannot become durable, and why; null when they are again. */
  readonly onTrouble?: (trouble: string | null) => void;
  /** Where snapshots are; none are read or written without. */
  readonly snapshots?: SnapshotStore;
  /** Messages between two snapshots; 20,000 by default. */
  readonly every?: number;
  readonly logger?: Logger;
  /** Told of each decision right after it is applied; not of those that are replayed. */
  readonly onDecided?: (state: LedgerState, event: LedgerEvent) => void;
}

/** Replays a ledger, from its snapshot on where that is exactly right, and opens it. */
export async function openLedger(log: LedgerLog, clock: Clock, options: LedgerOptions = {}): Promise<Ledger> {
  const { snapshots = null, logger = null } = options;
  const replayed = await replayLedger(log, snapshots);
  const { last, from, unused } = replayed;
  if (unused !== null) logger?.warn("the whole ledger is replayed", { reason: unused });
  logger?.info("ledger replayed", { messages: last, from });
  return createLedger({ log, clock, ...options }, replayed);
}

interface LedgerParts extends LedgerOptions {
  readonly log: LedgerLog;
  readonly clock: Clock;
}

function createLedger(parts: LedgerParts, { state, from, ...end }: Replayed): Ledger {
  const { log, clock, giveUpMs = APPEND_DEADLINE_MS, onTrouble = () => {}, onDecided } = parts;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // Looked at by whoever races it.
  const { snapshots = null } = parts;
  const writer = snapshots === null ? null : createSnapshotWriter(snapshots, from, parts);
  let isSpoilt = false;
  let last = end.last;
  let message = end.message;
  let waiting: LedgerEvent[] = [];
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  let trouble: string | null = null;

  function tell(now: string | null): void {
    if (now === trouble) return;
    trouble = now;
    onTrouble(now);
  }

  /** The append that takes along everything decided until it starts. */
  function enqueue(events: readonly LedgerEvent[]): Promise<void> {
    waiting.push(...events);
    next ??= writing.then(async () => {
      const group = waiting;
      waiting = [];
      next = null;
      // At this moment the state is the fold up to this group.
      const keep = isSpoilt ? null : writer?.take(state, last);
      writing = write(group);
      await writing;
      keep?.(last, message);
    });
    return next;
  }

  async function write(group: readonly LedgerEvent[]): Promise<void> {
    try {
      for (const data of encodeEvents(group)) {
        crashPoint("ledger.before-append");
        last = await appendOnce(log, data, last, { giveUpMs, tell });
        message = data;
        tell(null);
        crashPoint("ledger.after-append");
      }
    } catch (error) {
      failure.reject(error);
      throw error;
    }
  }

  const settled = () => next ?? writing;

  return {
    state,
    failed: failure.promise,
    decide: (...decisions) => {
      const events = decisions.map((decision) => ({ ...decision, at: clock.wallMs() }));
      try {
        for (const event of events) {
          applyEvent(state, event);
          onDecided?.(state, event);
        }
      } catch (error) {
        isSpoilt = true;
        failure.reject(error); // The state is ahead of what is written and cannot be used further.
        throw error;
      }
      const durable = enqueue(events);
      durable.catch(() => {}); // `failed` tells it to those who do not wait here.
      return durable;
    },
    settled,
    snapshot: async () => {
      await settled();
      if (writer === null || isSpoilt || waiting.length > 0 || last === 0) return;
      await writer.save(state, last, message);
    },
  };
}
