import { FleetError } from "../../core/index.ts";
import { StreamMissingError } from "./errors.ts";
import type { NatsLink } from "./link.ts";
import { runNames } from "./names.ts";
import { readStream, type StoredMessage } from "./read-stream.ts";
import { sayHowFull } from "./say-how-full.ts";

const HELP = "put nats-server's folder back as it was, or start a new run";

/** Messages of the ledger are gone, or all of it: somebody deleted them, or an older copy was put back. */
export class LedgerCutError extends FleetError {
  readonly code = "transport.ledger_cut";
  readonly disposition = "fatal";
}

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
  /**
   * The messages from a sequence on, up to the last one there is now.
   *
   * @throws {LedgerCutError} when one is missing, before it or after
   */
  read(fromSequence: number): AsyncIterable<StoredMessage>;
}

/** A ledger that can be asked whether all that was seen of it is still there. */
export interface InspectedLedgerLog extends LedgerLog {
  /** @throws {LedgerCutError} */
  inspect(): Promise<void>;
}

/** The ledger of a run whose streams exist. */
export function createLedgerLog(link: NatsLink, run: string): InspectedLedgerLog {
  const { stream, subject } = runNames(run).ledger;
  /** The last message that was read, or whose append was acknowledged. */
  let seen = 0;

  async function inspect(from: number): Promise<void> {
    const asked = Math.max(seen, from - 1);
    const { state } = await link
      .ask("the ledger's state", () => link.manager.streams.info(stream))
      .catch((error: unknown) => {
        if (!(error instanceof StreamMissingError)) throw error;
        throw new LedgerCutError(`the ledger is gone: there is no stream ${stream}; ${HELP}`, {
          cause: error,
        });
      });
    if (state.last_seq < asked) {
      throw new LedgerCutError(
        `the ledger was cut: stream ${stream} ends at message ${state.last_seq}, and message ${asked} was there; ${HELP}`,
      );
    }
    if (state.messages < state.last_seq) {
      throw new LedgerCutError(
        `the ledger was cut: stream ${stream} begins at message ${state.first_seq} and has ${state.messages} of its ${state.last_seq} messages; ${HELP}`,
      );
    }
  }

  return {
    inspect: () => inspect(0),
    lastSequence: async () =>
      (await link.ask("the ledger's state", () => link.manager.streams.info(stream))).state.last_seq,
    append: async (data, expectedLast) => {
      const expect = { lastSequence: expectedLast, streamName: stream };
      const append = () => link.stream.publish(subject, data, { expect });
      const ask = () => link.ask("an append to the ledger", append);
      const { seq } = await sayHowFull(link, "the ledger", stream, ask);
      seen = Math.max(seen, seq);
      return seq;
    },
    read: async function* (fromSequence) {
      await inspect(fromSequence);
      for await (const message of readStream(link, stream, fromSequence)) {
        seen = Math.max(seen, message.sequence);
        yield message;
      }
    },
  };
}
