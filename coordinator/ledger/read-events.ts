import { FleetError } from "../../core/index.ts";
import type { LedgerLog } from "../../transport/index.ts";
import type { LedgerEvent } from "./events.ts";

/** A message of the ledger is not one that this version can read. */
export class UnreadableLedgerError extends FleetError {
  readonly code = "coordinator.unreadable_ledger";
  readonly disposition = "fatal";
}

/** One message of LEDGER: events that were decided together. */
export interface LedgerMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly events: readonly LedgerEvent[];
}

/** Most of a message, so that what gathers while storage does not answer fits the server's limit. */
const MESSAGE_BYTES = 512 * 1024;

/**
 * Reads the ledger's messages from a sequence on, up to the last one there is at the call.
 *
 * @throws {UnreadableLedgerError} naming the message
 */
export async function* readEvents(
  log: Pick<LedgerLog, "read">,
  fromSequence: number,
): AsyncGenerator<LedgerMessage> {
  for await (const { sequence, data } of log.read(fromSequence)) {
    yield { sequence, data, events: decodeEvents(data, sequence) };
  }
}

/** Events as messages, each a list. */
export function encodeEvents(events: readonly LedgerEvent[]): Buffer[] {
  const messages: string[][] = [[]];
  let bytes = 0;
  for (const text of events.map((event) => JSON.stringify(event))) {
    if (bytes + text.length > MESSAGE_BYTES && bytes > 0) {
      messages.push([]);
      bytes = 0;
    }
    messages.at(-1)?.push(text);
    bytes += text.length;
  }
  return messages.map((list) => Buffer.from(`[${list.join(",")}]`));
}

function decodeEvents(data: Uint8Array, sequence: number): LedgerEvent[] {
  const events = parseJson(data);
  if (Array.isArray(events) && events.every(isEvent)) return events;
  throw new UnreadableLedgerError(`message ${sequence} of the ledger is not a list of events`);
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
}

/** What an event has whatever its type is; the fold knows the types. */
function isEvent(value: unknown): value is LedgerEvent {
  if (typeof value !== "object" || value === null || !("type" in value) || !("at" in value)) return false;
  return typeof value.type === "string" && Number.isFinite(value.at);
}
