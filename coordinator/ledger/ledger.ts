/**
 * The ledger as the coordinator uses it: what is known, and the one way to change it.
 *
 * Deciding, applying and enqueueing happen in one synchronous turn. One append is in flight; what is decided meanwhile
 * goes into the next (group commit). Nothing may leave the process before the append that it depends on is
 * acknowledged: `decide` resolves then.
 *
 * @module
 */
import { type Clock, crashPoint, dispositionOf, FleetError, pause, withDeadline } from "../../core/index.ts";
import { type LedgerLog, WrongLastSequenceError } from "../../transport/index.ts";
import type { Decision, LedgerEvent } from "./events.ts";
import { applyEvent } from "./fold.ts";
import { encodeEvents, readEvents } from "./read-events.ts";
import { emptyState, type LedgerState } from "./state.ts";

/** Another coordinator writes this ledger. */
export class FencedError extends FleetError {
  readonly code = "coordinator.fenced";
  readonly disposition = "fatal";
}

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
  /** Rejects when nothing can be decided any more. */
  readonly failed: Promise<never>;
}

/** How long storage may be unreachable before the coordinator gives up. */
const APPEND_DEADLINE_MS = 300_000;
/** Between two attempts to reach storage that does not answer. */
const ASK_AGAIN_MS = 250;

/** Replays a ledger and opens it. */
export async function openLedger(log: LedgerLog, clock: Clock): Promise<Ledger> {
  const state = emptyState();
  let last = 0;
  for await (const { sequence, events } of readEvents(log, 1)) {
    for (const event of events) applyEvent(state, event);
    last = sequence;
  }
  return createLedger(log, clock, state, last);
}

function createLedger(log: LedgerLog, clock: Clock, state: LedgerState, lastSequence: number): Ledger {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // Looked at by whoever races it.
  let last = lastSequence;
  let waiting: LedgerEvent[] = [];
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;

  /** The append that takes along everything decided until it starts. */
  function enqueue(events: readonly LedgerEvent[]): Promise<void> {
    waiting.push(...events);
    next ??= writing.then(async () => {
      const group = waiting;
      waiting = [];
      next = null;
      writing = write(group);
      await writing;
    });
    return next;
  }

  async function write(group: readonly LedgerEvent[]): Promise<void> {
    try {
      for (const data of encodeEvents(group)) {
        crashPoint("ledger.before-append");
        last = await withDeadline(
          "the ledger to be written",
          APPEND_DEADLINE_MS,
          appendOnce(log, data, last),
        );
        crashPoint("ledger.after-append");
      }
    } catch (error) {
      failure.reject(error);
      throw error;
    }
  }

  return {
    state,
    failed: failure.promise,
    decide: (...decisions) => {
      const events = decisions.map((decision) => ({ ...decision, at: clock.wallMs() }));
      try {
        for (const event of events) applyEvent(state, event);
      } catch (error) {
        failure.reject(error); // The state is ahead of what is written and cannot be used further.
        throw error;
      }
      const durable = enqueue(events);
      durable.catch(() => {}); // `failed` tells it to those who do not wait here.
      return durable;
    },
    settled: () => next ?? writing,
  };
}

/**
 * Appends exactly once, however often the server does not answer: after a time-out the tail tells whether the message
 * arrived.
 */
async function appendOnce(log: LedgerLog, data: Uint8Array, last: number): Promise<number> {
  const stored = await log.append(data, last).catch(unlessUncertain);
  if (stored !== null) return stored;
  const tail = await readTail(log, last);
  if (tail === null) {
    await pause(ASK_AGAIN_MS);
    return appendOnce(log, data, last);
  }
  if (Buffer.compare(tail.data, data) === 0) return tail.sequence;
  throw new FencedError("another coordinator writes this run's ledger; this one ends");
}

/** The message after `last`; null when there is none. A server that does not answer is asked again. */
async function readTail(
  log: LedgerLog,
  last: number,
): Promise<{ sequence: number; data: Uint8Array } | null> {
  try {
    for await (const message of log.read(last + 1)) return message;
    return null;
  } catch (error) {
    if (dispositionOf(error) !== "retry") throw error;
    await pause(ASK_AGAIN_MS);
    return readTail(log, last);
  }
}

/** Null where the append may or may not have happened. */
function unlessUncertain(error: unknown): null {
  if (dispositionOf(error) === "retry" || error instanceof WrongLastSequenceError) return null;
  throw error;
}
