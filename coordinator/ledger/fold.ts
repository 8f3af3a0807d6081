/**
 * The fold: how each event changes what the coordinator knows. It reads no clock, does no I/O and makes no choice; the
 * same events give the same state wherever they are replayed.
 *
 * @module
 */
import { FleetError, ForeignInputError, shown } from "../../core/index.ts";
import { type EventOf, LEDGER_SCHEMA, type LedgerEvent } from "./events.ts";
import { composeBatch, finishEvaluation, giveUpStep, rewind, skipStep, trainBatch } from "./fold-batches.ts";
import { acceptSample, closeSamples, failSample, keepPartial, skipSamples } from "./fold-samples.ts";
import { endLease, grantLease, issueTask, liveTask, replaceSamples } from "./fold-tasks.ts";
import { type LedgerState, mayDropThrough } from "./state.ts";
import { IllegalTransitionError, moved, RUN_TRANSITIONS, type RunPhase } from "./transitions.ts";

/** An event that this version does not know, or that lacks what its kind has. */
export class UnreadableEventError extends ForeignInputError {
  readonly code = "coordinator.unreadable_event";
  readonly disposition = "fatal";
}

/**
 * Applies one event.
 *
 * @throws {IllegalTransitionError} when it cannot follow what came before; the state is then not to be used further
 * @throws {UnreadableEventError} when a newer version wrote it, or it is damaged; nor is the state then
 */
export function applyEvent(state: LedgerState, event: LedgerEvent): void {
  const { type } = event;
  if (!Object.hasOwn(APPLY, type))
    throw written(`has an event "${shown(String(type))}", which is unknown here`);
  // The table's type pairs every event with its own function; the compiler does not follow the pairing here.
  const apply = APPLY[type] as (state: LedgerState, event: LedgerEvent) => void;
  if (state.phase === "new" && type !== "run_started") {
    throw new IllegalTransitionError(`the ledger begins with "${type}": what came before it is missing`);
  }
  state.at = event.at;
  try {
    apply(state, event);
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    const why = shown(cause instanceof Error ? cause.message : String(cause));
    throw new UnreadableEventError(`an event "${type}" of the ledger is damaged: ${why}`, { cause });
  }
}

type Apply = { readonly [Type in LedgerEvent["type"]]: (state: LedgerState, event: EventOf<Type>) => void };

const APPLY: Apply = {
  run_started: (state, event) => {
    requireSchema(event.schema);
    movePhase(state, "running", "new");
    state.run = event.run;
    state.base = event.base;
    state.settings = event.settings;
    state.startedAt = event.at;
  },
  opened: (state, event) => {
    requireSchema(event.schema ?? LEDGER_SCHEMA);
    state.epoch = nextEpoch("coordinator", state.epoch, event.epoch);
  },
  trainer_opened: (state, event) => {
    state.trainerEpoch = nextEpoch("trainer", state.trainerEpoch, event.epoch);
  },
  configured: (state, event) => {
    state.settings = event.settings;
    state.stopAfter = null;
    state.givenUp = 0;
    state.refilled = 0;
    if (state.phase === "ended" || state.phase === "failed") movePhase(state, "running");
  },
  paused: (state) => movePhase(state, "paused"),
  resumed: (state) => movePhase(state, "running", "paused"),
  stop_requested: (state, event) => {
    state.stopAfter = event.afterStep;
  },
  issued: issueTask,
  replaced: replaceSamples,
  leased: grantLease,
  released: endLease,
  partial: keepPartial,
  failed: failSample,
  accepted: acceptSample,
  rejected: (state, event) => {
    if (event.unusable) noteUnusable(state, event);
    closeSamples(state, event, "rejected", event.replace);
  },
  expired: (state, event) => closeSamples(state, event, "expired", event.reason === "stale"),
  batched: composeBatch,
  refill_exhausted: giveUpStep,
  trained: trainBatch,
  step_skipped: skipStep,
  rewound: rewind,
  skipped: skipSamples,
  evaluated: finishEvaluation,
  archived: noteArchived,
  dropped: noteDropped,
  ended: (state, event) => {
    movePhase(state, event.failed ? "failed" : "ended");
    state.endReason = event.reason;
  },
};

function requireSchema(schema: number): void {
  if (schema <= LEDGER_SCHEMA) return;
  throw written(`has schema ${schema}, and up to ${LEDGER_SCHEMA} can be read here`);
}

function written(what: string): UnreadableEventError {
  return new UnreadableEventError(`the ledger ${what}: go on with the version that wrote it`);
}

/** @param from - the only phase that the event may follow, where the table has more */
function movePhase(state: LedgerState, to: RunPhase, from: RunPhase = state.phase): void {
  if (state.phase !== from)
    throw new IllegalTransitionError(`the run cannot go from ${state.phase} to ${to}`);
  state.phase = moved(RUN_TRANSITIONS, "the run", state.phase, to);
  if (to === "running") state.endReason = "";
}

function nextEpoch(who: string, before: number, epoch: number): number {
  if (epoch === before + 1) return epoch;
  throw new IllegalTransitionError(`${who} epoch ${epoch} cannot follow epoch ${before}`);
}

/** Outcomes go in the order in which they became known; those whose rollout is beyond the range stay. */
function noteArchived(state: LedgerState, event: EventOf<"archived">): void {
  if (event.through < state.archivedThrough) {
    throw new IllegalTransitionError(
      `the archive reaches to ${state.archivedThrough} and cannot go back to ${event.through}`,
    );
  }
  let left = event.outcomes?.rows ?? 0;
  state.archivedThrough = event.through;
  state.archivedOutcomes += left;
  state.outcomes = state.outcomes.filter((outcome) => (outcome.sequence ?? 0) > event.through || left-- <= 0);
}

/** Only what nobody needs may go: of samples that have their end, in the archive too. */
function noteDropped(state: LedgerState, { through }: EventOf<"dropped">): void {
  if (through <= state.droppedThrough || through > mayDropThrough(state)) {
    throw new IllegalTransitionError(
      `rollouts up to ${through} cannot be dropped after those up to ${state.droppedThrough}: up to ${mayDropThrough(state)} may`,
    );
  }
  state.droppedThrough = through;
}

function noteUnusable(state: LedgerState, event: EventOf<"rejected">): void {
  const { instance } = liveTask(state, event.task);
  state.unusable.set(instance, `${event.reason}: ${event.message}`);
}
