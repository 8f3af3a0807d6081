import { setTimeout as sleep } from "node:timers/promises";
import { CancelledError, FleetError } from "./errors.ts";
import { beginWait } from "./waits.ts";

/** Something that was waited for did not happen in time. The message names it. */
export class DeadlineError extends FleetError {
  readonly code = "core.deadline_exceeded";
  readonly disposition = "retry";
}

/**
 * Waits for `work`, at most `timeoutMs`. Whatever waits in this project waits through here (or through a
 * gRPC deadline), so that it has a name and an end; as long as it lasts it is among `longestWaits`.
 *
 * `work` itself is not stopped when the deadline passes; its late result is ignored.
 *
 * @param name - what is waited for, as it reads after "waited … for "
 * @throws {DeadlineError} after `timeoutMs`
 * @throws {CancelledError} as soon as `signal` aborts
 */
export async function withDeadline<T>(
  name: string,
  timeoutMs: number,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  using _ = beginWait(name, timeoutMs);
  const end = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => end.reject(new DeadlineError(`waited ${timeoutMs} ms for ${name}`)),
    timeoutMs,
  );
  const onAbort = () => end.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    return await Promise.race([work, end.promise]);
  } catch (error) {
    if (signal?.aborted)
      throw new CancelledError(`stopped waiting for ${name}`, { cause: signal.reason ?? error });
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(timer);
    work.catch(() => {}); // When the deadline won, nobody else looks at this rejection.
  }
}

/**
 * Sleeps `ms`, or until `signal` aborts, whichever comes first. Never rejects: loops check their signal.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => {});
}

/**
 * The delay before attempt `attempt` (counted from 0) of something that failed: doubles from `firstMs` up to
 * `mostMs`. Without jitter, so that tests can name it; callers that herd add their own.
 */
export function backoffMs(attempt: number, firstMs: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
}
