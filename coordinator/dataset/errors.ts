import { ForeignInputError } from "../../core/index.ts";

/** A dataset that cannot be read, or of which too little can be used. */
export class UnusableDatasetError extends ForeignInputError {
  readonly code = "coordinator.unusable_dataset";
  readonly disposition = "reject";
}
