import { FleetError, nearest } from "../core/index.ts";
import type { BadReply, Reply } from "./read-replies.ts";

/** There is no verdict to show: no such reply, or one that cannot be scored. */
export class NoVerdictError extends FleetError {
  readonly code = "cli.no_verdict";
  readonly disposition = "reject";
}

/**
 * The `nth` reply to an instance, from 1.
 *
 * @throws {NoVerdictError} when there are fewer
 */
export async function findReply(
  replies: AsyncIterable<Reply | BadReply>,
  id: string,
  nth: number,
): Promise<Reply> {
  const others = new Set<string>();
  let found = 0;
  for await (const reply of replies) {
    if ("reason" in reply) continue;
    if (reply.id !== id) others.add(reply.id);
    else if (++found === nth) return reply;
  }
  if (found > 0) {
    throw new NoVerdictError(`there is no reply ${nth} to ${id}, the file has ${found}`);
  }
  const meant = nearest(id, [...others]);
  throw new NoVerdictError(`there is no reply to ${id}${meant === null ? "" : `, did you mean "${meant}"?`}`);
}
