import { FleetError } from "../core/index.ts";

/** A subject that no task is published on. */
class ForeignSubjectError extends FleetError {
  readonly code = "workers.foreign_subject";
  readonly disposition = "fatal";
}

/** What the subject of a delivery says; enough to ask for a lease when its body cannot be read. */
export interface TaskAddress {
  readonly run: string;
  readonly lane: string;
  readonly variant: string;
  readonly task: string;
  readonly dispatch: number;
}

/**
 * Reads `tasks.<run>.<lane>.<variant>.<task>.<dispatch>`.
 *
 * @throws {ForeignSubjectError} when it is something else, which means that the consumer filters wrongly
 */
export function parseTaskAddress(subject: string): TaskAddress {
  const [root, run, lane, variant, task, dispatch, ...rest] = subject.split(".");
  const complete = root === "tasks" && run && lane && variant && task && dispatch && rest.length === 0;
  if (!complete || !/^\d+$/.test(dispatch)) {
    throw new ForeignSubjectError(`the subject "${subject}" is not that of a task`);
  }
  return { run, lane, variant, task, dispatch: Number(dispatch) };
}
