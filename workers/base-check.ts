import { FleetError } from "../core/index.ts";

/** The loaded model is not the one that the run trains. */
class WrongModelError extends FleetError {
  readonly code = "workers.wrong_model";
  readonly disposition = "reject";
}

/**
 * Checks that a worker has the run's base loaded: log-probabilities of another model would poison the training.
 *
 * @throws {WrongModelError}
 */
export function assertSameBase(gguf: string, digest: string, baseDigest: string): void {
  if (digest === baseDigest) return;
  throw new WrongModelError(
    `${gguf} is not the model of this run: its SHA-256 is ${digest}, the run's base has ${baseDigest}`,
  );
}
