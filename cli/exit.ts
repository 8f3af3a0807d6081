import { dispositionOf, FleetError } from "../core/index.ts";

/** How a command ended, as its process's exit code. */
export const EXIT = {
  /** Done, or stopped in order. */
  done: 0,
  /** Something broke that the user did not cause. */
  fatal: 1,
  /** The user's mistake; the message says what would be right. */
  mistake: 2,
  /** Another coordinator or trainer took over. */
  fenced: 3,
  /** Cut short by a second signal. */
  cutShort: 130,
} as const;

/** The codes of errors that mean that another process took over. */
const FENCED = /fenced$/;

/** The exit code that an error deserves. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof FleetError && FENCED.test(error.code)) return EXIT.fenced;
  switch (dispositionOf(error)) {
    case "reject":
      return EXIT.mistake;
    case "cancelled":
      return EXIT.done;
    default:
      return EXIT.fatal;
  }
}

/** What a person reads about an error: the sentence alone when we raised it, with the stack when we did not. */
export function describeError(error: unknown): string {
  if (error instanceof FleetError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
