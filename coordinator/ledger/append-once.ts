import { dispositionOf, FleetError, pause } from "../../core/index.ts";
import { type LedgerLog, WrongLastSequenceError } from "../../transport/index.ts";

/** Another coordinator writes this ledger. */
export class FencedError extends FleetError {
  readonly code = "coordinator.fenced";
  readonly disposition = "fatal";
}

/** The ledger cannot be written for as long as was waited. */
export class LedgerUnwritableError extends FleetError {
  readonly code = "coordinator.ledger_unwritable";
  readonly disposition = "retry";
}

/** How an append waits. */
export interface AppendPatience {
  /** How long it is tried. */
  readonly giveUpMs: number;
  /** Hears in one sentence, again and again, what keeps the message from being stored. */
  tell(trouble: string): void;
}

/** Between two attempts to reach storage that does not answer. */
const ASK_AGAIN_MS = 250;
/** An append that takes longer than this is spoken of. */
const SLOW_MS = 2_000;

/**
 * Appends exactly once, however often the server does not answer or has no room: the tail tells whether the message
 * arrived.
 *
 * @throws {FencedError} when another writer's message is there
 * @throws {LedgerUnwritableError} after `giveUpMs`, with the last trouble
 */
export async function appendOnce(
  log: LedgerLog,
  data: Uint8Array,
  last: number,
  { giveUpMs, tell }: AppendPatience,
): Promise<number> {
  const giveUpAt = performance.now() + giveUpMs;
  const slow = setTimeout(() => tell(`nats-server has not answered for ${SLOW_MS / 1_000} s`), SLOW_MS);
  try {
    while (true) {
      const stored = await log.append(data, last).catch(unlessUncertain);
      if (typeof stored === "number") return stored;
      tell(stored.message);
      if (performance.now() > giveUpAt) {
        throw new LedgerUnwritableError(
          `the ledger could not be written for ${giveUpMs / 1_000} s: ${stored.message}`,
        );
      }
      const tail = await readTail(log, last);
      if (tail !== null) return ours(tail, data);
      await pause(ASK_AGAIN_MS);
    }
  } finally {
    clearTimeout(slow);
  }
}

interface Tail {
  readonly sequence: number;
  readonly data: Uint8Array;
}

function ours(tail: Tail, data: Uint8Array): number {
  if (Buffer.compare(tail.data, data) === 0) return tail.sequence;
  throw new FencedError("another coordinator writes this run's ledger; this one ends");
}

/** The message after `last`; null when there is none. A server that does not answer is asked again. */
async function readTail(log: LedgerLog, last: number): Promise<Tail | null> {
  while (true) {
    try {
      for await (const message of log.read(last + 1)) return message;
      return null;
    } catch (error) {
      if (dispositionOf(error) !== "retry") throw error;
      await pause(ASK_AGAIN_MS);
    }
  }
}

/** The error, where the append may or may not have happened. */
function unlessUncertain(error: unknown): Error {
  const isUncertain = dispositionOf(error) === "retry" || error instanceof WrongLastSequenceError;
  if (isUncertain && error instanceof Error) return error;
  throw error;
}
