import { JetStreamApiError } from "@nats-io/jetstream";
import { FleetError } from "../../core/index.ts";
import type { NatsLink } from "./link.ts";
import { runNames } from "./names.ts";
import { readStream, type StoredMessage } from "./read-stream.ts";
import { MAX_ROLLOUT_BYTES, orMissing } from "./run-streams.ts";
import { sayHowFull } from "./say-how-full.ts";

/** A rollout is above the limit. */
class RolloutTooLargeError extends FleetError {
  readonly code = "transport.rollout_too_large";
  readonly disposition = "reject";
}

/** A rollout that the ledger points at is not in the stream. */
export class RolloutMissingError extends FleetError {
  readonly code = "transport.rollout_missing";
  readonly disposition = "fatal";
}

/** The ROLLOUTS stream of a run, one rollout a message. */
export interface RolloutStore {
  /**
   * Stores a rollout, durable when this resolves.
   *
   * @param id - names these very bytes: stored again under the same id within two minutes they stay one message
   * @returns the message's sequence
   * @throws {RolloutTooLargeError} above 768 KB
   * @throws {StorageFullError}
   */
  put(rollout: Uint8Array, id: string): Promise<number>;
  /** @throws {RolloutMissingError} */
  get(sequence: number): Promise<Uint8Array>;
  /** The rollouts with sequences from `from` to `to`, both included, as far as they exist. */
  read(from: number, to: number): AsyncIterable<StoredMessage>;
  /** Deletes all rollouts with a sequence below `sequence`. */
  purgeBelow(sequence: number): Promise<void>;
  /** Deletes these rollouts, as far as they exist. */
  delete(sequences: readonly number[]): Promise<void>;
}

/** Rollouts that can be asked whether they are still there. */
export interface InspectedRolloutStore extends RolloutStore {
  /**
   * Checks that the stream goes as far as the ledger says.
   *
   * @throws {RolloutMissingError}
   */
  inspect(last: number): Promise<void>;
  /** Bytes that the stream may still grow by; infinite when it has no bound of its own. */
  roomBytes(): Promise<number>;
}

/** The rollouts of a run whose streams exist. */
export function createRolloutStore(link: NatsLink, run: string): InspectedRolloutStore {
  const { stream, subject } = runNames(run).rollouts;
  return {
    put: async (rollout, id) => {
      if (rollout.byteLength > MAX_ROLLOUT_BYTES) {
        throw new RolloutTooLargeError(
          `rollout ${id} has ${rollout.byteLength} bytes, at most ${MAX_ROLLOUT_BYTES} are stored`,
        );
      }
      const store = () => link.stream.publish(subject, rollout, { msgID: id });
      const ask = () => link.ask(`rollout ${id} to be stored`, store);
      return (await sayHowFull(link, "a rollout", stream, ask)).seq;
    },
    get: async (sequence) => {
      const find = () => link.manager.direct.getMessage(stream, { seq: sequence });
      const message = await link.ask(`rollout ${sequence}`, find);
      if (message === null) throw new RolloutMissingError(`there is no rollout ${sequence} in ${stream}`);
      return message.data;
    },
    read: (from, to) => readStream(link, stream, from, to),
    inspect: async (last) => {
      const info = await orMissing(link.ask("the rollouts' state", () => link.manager.streams.info(stream)));
      if (info !== null && info.state.last_seq >= last) return;
      const found = info === null ? "is gone" : `ends at message ${info.state.last_seq}`;
      throw new RolloutMissingError(
        `rollouts are missing: stream ${stream} ${found}, and the ledger names message ${last}; put nats-server's folder back as it was, or start a new run`,
      );
    },
    roomBytes: async () => {
      const { config, state } = await link.ask("the rollouts' state", () =>
        link.manager.streams.info(stream),
      );
      return config.max_bytes <= 0 ? Number.POSITIVE_INFINITY : config.max_bytes - state.bytes;
    },
    delete: async (sequences) => {
      for (const sequence of sequences) {
        const remove = () => link.manager.streams.deleteMessage(stream, sequence, false);
        await link.ask(`rollout ${sequence} to be deleted`, () => remove().catch(unlessGone));
      }
    },
    purgeBelow: async (sequence) => {
      const purge = () => link.manager.streams.purge(stream, { seq: sequence });
      await link.ask("old rollouts to be deleted", purge);
    },
  };
}

/** JetStream's code where a message to be deleted is not there. */
const NO_MESSAGE = new Set([10037, 10043, 10057]);

function unlessGone(error: unknown): boolean {
  if (error instanceof JetStreamApiError && NO_MESSAGE.has(error.code)) return false;
  throw error;
}
