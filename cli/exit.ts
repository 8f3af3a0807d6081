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

/** Failures of the operating system that name something the user chose wrongly. */
const WRONG_PATH = new Set([
  "ENOENT",
  "EACCES",
  "EPERM",
  "EISDIR",
  "ENOTDIR",
  "EROFS",
  "EEXIST",
  "ENAMETOOLONG",
]);

/** The exit code that an error deserves. */
export function exitCodeOf(error: unknown): number {
  if (isSystemError(error)) return WRONG_PATH.has(error.code ?? "") ? EXIT.mistake : EXIT.fatal;
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

/**
 * What a person reads about an error: the sentence alone when we or the operating system raised it, with the stack when
 * something else did.
 */
export function describeError(error: unknown): string {
  if (error instanceof FleetError || isSystemError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
