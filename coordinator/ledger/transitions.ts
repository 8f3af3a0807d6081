/**
 * The state machines of the ledger, as tables. What is not in here cannot happen.
 *
 * @module
 */
import { ForeignInputError } from "../../core/index.ts";

/** Where a run can be. */
export const RUN_PHASES = ["new", "running", "paused", "ended", "failed"] as const;

/** Where a run is. */
export type RunPhase = (typeof RUN_PHASES)[number];

/** Where a sample is. */
export type SampleState =
  /** Issued, and its end not known: outstanding. */
  | "open"
  /** Durable and not used yet: waiting. */
  | "accepted"
  /** In a batch that is not trained yet: waiting. */
  | "batched"
  | "trained"
  | "skipped"
  | "evaluated"
  | "rejected"
  | "expired";

/** From each state of a sample, the states that may follow. */
export const SAMPLE_TRANSITIONS: Readonly<Record<SampleState, readonly SampleState[]>> = {
  open: ["accepted", "rejected", "expired"],
  accepted: ["batched", "skipped", "evaluated"],
  batched: ["trained", "skipped"],
  trained: [],
  skipped: [],
  evaluated: [],
  rejected: [],
  expired: [],
};

/** From each phase of a run, the phases that may follow. An ended run goes on when it is configured anew. */
export const RUN_TRANSITIONS: Readonly<Record<RunPhase, readonly RunPhase[]>> = {
  new: ["running"],
  running: ["paused", "ended", "failed"],
  paused: ["running", "ended", "failed"],
  ended: ["running"],
  failed: ["running"],
};

/** An event that cannot follow what is in the ledger: the ledger is corrupt, or a decision was wrong. */
export class IllegalTransitionError extends ForeignInputError {
  readonly code = "coordinator.illegal_transition";
  readonly disposition = "fatal";
}

/** Moves along a table. @throws {IllegalTransitionError} naming subject, from and to */
export function moved<State extends string>(
  table: Readonly<Record<State, readonly State[]>>,
  subject: string,
  from: State,
  to: State,
): State {
  if (!table[from].includes(to)) {
    throw new IllegalTransitionError(`${subject} cannot go from ${from} to ${to}`);
  }
  return to;
}
