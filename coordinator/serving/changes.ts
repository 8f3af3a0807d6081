import { DeadlineError, withDeadline } from "../../core/index.ts";

/** Tells those who wait that something was decided and is durable. */
export interface Changes {
  tell(): void;
  /** Resolves with the next change, or as cancelled when `signal` aborts; a quiet hour counts as a change. */
  next(signal: AbortSignal): Promise<void>;
}

/** After this time a waiter looks again, change or not. */
const LOOK_AGAIN_MS = 3_600_000;

/** Creates the bell. */
export function createChanges(): Changes {
  let bell = Promise.withResolvers<void>();
  return {
    tell: () => {
      bell.resolve();
      bell = Promise.withResolvers();
    },
    next: (signal) =>
      withDeadline("the ledger to change", LOOK_AGAIN_MS, bell.promise, signal).catch((error: unknown) => {
        if (!(error instanceof DeadlineError)) throw error;
      }),
  };
}
