import { DeadlineError, FleetError } from "../../core/index.ts";
import type { NatsLink } from "./link.ts";
import { underApi } from "./names.ts";

/** The server refused to read a stream. */
class DirectGetRefusedError extends FleetError {
  readonly code = "transport.direct_get_refused";
  readonly disposition = "retry";
}

/** What is asked of a stream whose messages may be read directly (ADR-31 of nats-architecture-and-design). */
export type DirectQuery =
  | { readonly seq: number; readonly batch: number; readonly next_by_subj: string }
  | { readonly multi_last: readonly string[] };

/** A message of a stream. */
export interface DirectMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
}

const ANSWER_DEADLINE_MS = 30_000;
const NO_MESSAGES = 404;
const END_OF_BATCH = 204;

/**
 * Asks a stream for several messages in one request. No consumer is made, so a user needs no right but to ask.
 *
 * @throws {DeadlineError} when the answer is not whole after 30 s
 */
export async function directGet(
  link: NatsLink,
  stream: string,
  query: DirectQuery,
): Promise<DirectMessage[]> {
  const subject = underApi(link.stream.apiPrefix, `$JS.API.DIRECT.GET.${stream}`);
  const answers = await link.connection.requestMany(subject, JSON.stringify(query), {
    strategy: "sentinel",
    maxWait: ANSWER_DEADLINE_MS,
  });
  const messages: DirectMessage[] = [];
  for await (const { data, headers } of answers) {
    const code = headers?.code ?? 0;
    if (code === END_OF_BATCH || code === NO_MESSAGES) return messages;
    if (code !== 0) throw new DirectGetRefusedError(`${stream} cannot be read: ${headers?.description}`);
    messages.push({ sequence: Number(headers?.last("Nats-Sequence")), data });
  }
  throw new DeadlineError(`waited ${ANSWER_DEADLINE_MS} ms for messages of ${stream}`);
}
