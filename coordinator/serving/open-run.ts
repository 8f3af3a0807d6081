import { FleetError } from "../../core/index.ts";
import type { Decision } from "../ledger/events.ts";
import { LEDGER_SCHEMA } from "../ledger/events.ts";
import type { RunSettings } from "../ledger/run-settings.ts";
import type { LedgerState } from "../ledger/state.ts";

/** A run cannot be started or continued as asked. */
export class RunRefusedError extends FleetError {
  readonly code = "coordinator.run_refused";
  readonly disposition = "reject";
}

/** The run cannot reach its end. */
export class RunFailedError extends FleetError {
  readonly code = "coordinator.run_failed";
  readonly disposition = "reject";
}

/** What a coordinator is started for. */
export interface RunIdentity {
  readonly run: string;
  /** SHA-256 of the training base, in hex. */
  readonly base: string;
  readonly settings: RunSettings;
  readonly resume: boolean;
  readonly wasStarted?: boolean;
}

/**
 * What to decide when a coordinator opens a ledger: a new run, or one that goes on.
 *
 * @throws {RunRefusedError} when the run exists and was not to be continued, its base is another one, or its ledger is gone
 */
export function openingDecisions(
  state: LedgerState,
  { run, base, settings, resume, wasStarted = false }: RunIdentity,
): Decision[] {
  if (state.phase === "new") {
    if (wasStarted) {
      throw new RunRefusedError(
        `the run ${run} was started before, and nats-server has no ledger of it: give nats-server its volume back, or start a run of another name`,
      );
    }
    return [
      { type: "run_started", schema: LEDGER_SCHEMA, run, base, settings },
      { type: "opened", epoch: 1, schema: LEDGER_SCHEMA },
    ];
  }
  if (!resume) throw new RunRefusedError(`the run ${run} exists: give --resume to continue it`);
  if (state.base !== base) {
    throw new RunRefusedError(
      `the run ${run} was started on base ${state.base}, and the model given is ${base}`,
    );
  }
  const opened: Decision = { type: "opened", epoch: state.epoch + 1, schema: LEDGER_SCHEMA };
  const hasChanged = JSON.stringify(state.settings) !== JSON.stringify(settings);
  const goesOn = state.phase === "ended" ? state.step < settings.steps : state.phase === "failed";
  return hasChanged || goesOn ? [opened, { type: "configured", settings }] : [opened];
}
