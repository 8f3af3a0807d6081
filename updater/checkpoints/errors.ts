import { ForeignInputError } from "../../core/index.ts";

/** A checkpoint that cannot be continued from: damaged, or of something else than what is run now. */
export class UnusableCheckpointError extends ForeignInputError {
  readonly code = "updater.unusable_checkpoint";
  readonly disposition = "reject";
}
