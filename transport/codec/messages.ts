import { FleetError } from "../../core/index.ts";
import type {
  CollectMessage,
  CollectMessageInit,
  Reference,
  ReferenceInit,
  Rollout,
  RolloutInit,
  Task,
  TaskInit,
} from "../../proto/index.ts";
import { CONVERSION, type MessageName, wireMessage } from "./schema.ts";

/** The bytes are not the message they should be. */
export class MalformedMessageError extends FleetError {
  readonly code = "transport.malformed_message";
  readonly disposition = "reject";
}

/** Encodes the body of a message of the TASKS stream. */
export function encodeTask(task: TaskInit): Uint8Array {
  return encode("Task", task);
}

/** @throws {MalformedMessageError} */
export function decodeTask(bytes: Uint8Array): Task {
  return decode("Task", bytes);
}

/**
 * Encodes a rollout as it is stored in the ROLLOUTS stream. Canonical: `encodeRollout(decodeRollout(bytes))` are the
 * same bytes, in whichever process it happens, so that a digest over them means the same everywhere.
 */
export function encodeRollout(rollout: RolloutInit): Uint8Array {
  return encode("Rollout", rollout);
}

/**
 * Decodes a rollout. Its `bytes` fields are views of `bytes`, not copies.
 *
 * @throws {MalformedMessageError}
 */
export function decodeRollout(bytes: Uint8Array): Rollout {
  return decode("Rollout", bytes);
}

/** Encodes an instance's files and oracle as they are stored in INSTANCES. The order of the files does not matter. */
export function encodeReference(reference: ReferenceInit): Uint8Array {
  return encode("Reference", inOrder(reference));
}

/** @throws {MalformedMessageError} */
export function decodeReference(bytes: Uint8Array): Reference {
  return decode("Reference", bytes);
}

/** Encodes what a worker says on Collect, to be kept until it can be said. */
export function encodeCollectMessage(message: CollectMessageInit): Uint8Array {
  return encode("CollectMessage", message);
}

/** @throws {MalformedMessageError} */
export function decodeCollectMessage(bytes: Uint8Array): CollectMessage {
  return decode("CollectMessage", bytes);
}

function encode(name: MessageName, message: object): Uint8Array {
  const type = wireMessage(name);
  return type.encode(type.fromObject({ ...message })).finish();
}

function decode<Output>(name: MessageName, bytes: Uint8Array): Output {
  const type = wireMessage(name);
  try {
    const message = type.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return type.toObject(message, CONVERSION) as Output;
  } catch (cause) {
    throw new MalformedMessageError(`${bytes.byteLength} bytes are not a ${name.toLowerCase()}`, { cause });
  }
}

function inOrder({ files, oracle }: ReferenceInit): ReferenceInit {
  const byPath = (a: string, b: string) => (a < b ? -1 : 1);
  return {
    files: Object.fromEntries(Object.entries(files ?? {}).sort(([a], [b]) => byPath(a, b))),
    oracle: (oracle ?? []).toSorted((a, b) => byPath(a.path ?? "", b.path ?? "")),
  };
}
