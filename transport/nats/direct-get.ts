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
 * Asks a stream for several messages in one request, and gives them as they arrive. No consumer is made, so a user needs
 * no right but to ask.
 *
 * @param name - what is read, as it reads after "waited … for"
 * @throws {LinkLostError}
 * @throws {DeadlineError} when the answer is not whole after 30 s
 */
export async function* directGet(
  link: NatsLink,
  name: string,
  stream: string,
  query: DirectQuery,
): AsyncGenerator<DirectMessage, void> {
  const subject = underApi(link.stream.apiPrefix, `$JS.API.DIRECT.GET.${stream}`);
  const ask = () =>
    link.connection.requestMany(subject, JSON.stringify(query), {
      strategy: "sentinel",
      maxWait: ANSWER_DEADLINE_MS,
    });
  const answers = (await link.ask(name, ask))[Symbol.asyncIterator]();
  while (true) {
    const { done, value } = await link.ask(name, () => answers.next());
    if (done) throw new DeadlineError(`waited ${ANSWER_DEADLINE_MS} ms for messages of ${stream}`);
    const { data, headers } = value;
    const code = headers?.code ?? 0;
    if (code === END_OF_BATCH || code === NO_MESSAGES) return;
    if (code !== 0) throw new DirectGetRefusedError(`${stream} cannot be read: ${headers?.description}`);
    yield { sequence: Number(headers?.last("Nats-Sequence")), data };
  }
}
