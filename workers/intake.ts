import { backoffMs, pause, underName } from "../core/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Delivery, Outcome } from "./handle-task.ts";

/** Where the intake gets its work, and where it goes. */
export interface IntakeWork {
  /** Waits until the engine could do with another group; false once `signal` aborts. */
  room(signal: AbortSignal): Promise<boolean>;
  /** Waits a bounded time for the next delivery; null when there was none. */
  pull(signal: AbortSignal): Promise<Delivery | null>;
  /**
   * Serves and settles one delivery; calls `admitted` as soon as its samples are counted by `room`. Rejects only when
   * the process must stop.
   */
  handle(delivery: Delivery, admitted: () => void): Promise<Outcome>;
  readonly logger: Logger;
}

/** Ends before anything was sampled that would come again at once. */
const FAILED: ReadonlySet<Outcome | null> = new Set(["handed-back", "released"]);
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 5_000;

/**
 * Takes one delivery after the other until `stop` aborts, each only when there is room for it, so that nothing ages
 * in a local buffer while its `ack_wait` runs and another worker could take it instead.
 *
 * After something that failed on infrastructure it pauses, longer each time. Resolves once everything taken is
 * settled. When one delivery cannot be handled the others are finished, nothing more is taken, and the first error is
 * rethrown.
 */
export async function runIntake(work: IntakeWork, stop: AbortSignal): Promise<void> {
  const broken = new AbortController();
  const signal = AbortSignal.any([stop, broken.signal]);
  const live = new Set<Promise<unknown>>();
  let attempt = 0;

  while (await underName("room for another group", work.room(signal))) {
    const failed = FAILED.has(await takeOne());
    attempt = failed ? attempt + 1 : 0;
    if (failed) await pause(backoffMs(attempt - 1, FIRST_PAUSE_MS, MOST_PAUSE_MS), signal);
  }
  await Promise.all(live);
  broken.signal.throwIfAborted();

  /** How the next delivery ended, null when it goes on beside the next ones or there was none. */
  async function takeOne(): Promise<Outcome | null> {
    try {
      const delivery = await underName("a task to come", work.pull(signal));
      return delivery && (await start(delivery));
    } catch (error) {
      if (!signal.aborted) work.logger.warn("no task could be asked for", { error });
      return "handed-back";
    }
  }

  function start(delivery: Delivery): Promise<Outcome | null> {
    const admitted = Promise.withResolvers<null>();
    const handling = work
      .handle(delivery, () => admitted.resolve(null))
      .catch((error: unknown) => {
        broken.abort(error);
        return null;
      });
    live.add(handling);
    void handling.finally(() => live.delete(handling));
    return Promise.race([handling, admitted.promise]);
  }
}
