/**
 * What this process waits for at this moment. Every wait has a name and a deadline; whoever wants to know what holds
 * a process up asks here.
 *
 * @module
 */

/** Something that is waited for. */
export interface Wait {
  /** As it reads after "waits for". */
  readonly name: string;
  /** How long it has been waited for. */
  readonly ms: number;
  /** How long it may be waited for; infinite where another deadline ends it. */
  readonly deadlineMs: number;
}

/** A wait that was begun: the same object as long as it lasts. */
export interface BegunWait {
  readonly name: string;
  /** By {@link performance.now}. */
  readonly sinceMs: number;
  readonly deadlineMs: number;
}

const begun = new Set<BegunWait>();

/**
 * Enters a wait into the list until it is disposed. For what ends by itself at its deadline, such as a gRPC call;
 * everything else waits through `withDeadline`, which enters it.
 */
export function beginWait(name: string, deadlineMs: number): Disposable {
  const wait: BegunWait = { name, sinceMs: performance.now(), deadlineMs };
  begun.add(wait);
  return { [Symbol.dispose]: () => void begun.delete(wait) };
}

/** Waits for `work` under a name. For what another deadline ends: that of a lease, or of what `work` itself waits for. */
export async function underName<T>(name: string, work: Promise<T>): Promise<T> {
  using _ = beginWait(name, Number.POSITIVE_INFINITY);
  return await work;
}

/** What is waited for now, oldest first. */
export function begunWaits(): Iterable<BegunWait> {
  return begun.values();
}

/** What this process has waited for longest, longest first. */
export function longestWaits(most: number): Wait[] {
  const nowMs = performance.now();
  return [...begun.values().take(most)].map(({ name, sinceMs, deadlineMs }) => ({
    name,
    ms: nowMs - sinceMs,
    deadlineMs,
  }));
}
