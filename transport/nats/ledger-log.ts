import type { NatsLink } from "./link.ts";
import { runNames } from "./names.ts";
import { readStream, type StoredMessage } from "./read-stream.ts";
import { sayHowFull } from "./say-how-full.ts";

/** The LEDGER stream of a run: messages in one order, appended by whoever knows the last of them. */
export interface LedgerLog {
  /** Sequence of the last message; 0 when there is none. */
  lastSequence(): Promise<number>;
  /**
   * Appends one message, durable when this resolves.
   *
   * @param expectedLast - sequence that the last message must have; 0: there is none
   * @returns the message's own sequence
   * @throws {WrongLastSequenceError} when another message came in between: somebody else writes, or this writer's own
   *   append that timed out arrived after all
   * @throws {DeadlineError | LinkLostError | NatsFailedError} when there was no answer (their disposition is "retry"): the
   *   message may or may not be there, and reading the tail tells
   * @throws {StorageFullError} saying what is full; the message is not there, and may be appended again later
   */
  append(data: Uint8Array, expectedLast: number): Promise<number>;
  /** The messages from a sequence on, up to the last one there is now. */
  read(fromSequence: number): AsyncIterable<StoredMessage>;
}

/** The ledger of a run whose streams exist. */
export function createLedgerLog(link: NatsLink, run: string): LedgerLog {
  const { stream, subject } = runNames(run).ledger;
  return {
    lastSequence: async () =>
      (await link.ask("the ledger's state", () => link.manager.streams.info(stream))).state.last_seq,
    append: async (data, expectedLast) => {
      const expect = { lastSequence: expectedLast, streamName: stream };
      const append = () => link.stream.publish(subject, data, { expect });
      const ask = () => link.ask("an append to the ledger", append);
      return (await sayHowFull(link, "the ledger", stream, ask)).seq;
    },
    read: (fromSequence) => readStream(link, stream, fromSequence),
  };
}
