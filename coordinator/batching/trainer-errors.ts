import { FleetError } from "../../core/index.ts";

/** A trainer's checkpoint does not fit the ledger. */
export class CheckpointMismatchError extends FleetError {
  readonly code = "coordinator.checkpoint_mismatch";
  readonly disposition = "reject";
}

/** Another trainer has opened since. */
export class TrainerFencedError extends FleetError {
  readonly code = "coordinator.trainer_fenced";
  readonly disposition = "fatal";
}

/** The run went back to an older policy meanwhile; a new session starts from there. */
export class RewoundError extends FleetError {
  readonly code = "coordinator.rewound";
  readonly disposition = "retry";
}

/** A policy contradicts the ledger: a second adapter for a version, or a version whose batch was never sent. */
export class PolicyRefusedError extends FleetError {
  readonly code = "coordinator.policy_refused";
  readonly disposition = "fatal";
}
