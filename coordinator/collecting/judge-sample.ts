/**
 * What a sample that a worker sent means. Pure: from what the ledger says to an answer and what is decided.
 *
 * @module
 */
import type { FailedSample, Rollout, SampleOutcome } from "../../proto/index.ts";
import { rejectOpen } from "../leasing/decide-lease.ts";
import { type AcceptedRollout, type Decision, TOO_LONG_FOR_WORKER } from "../ledger/events.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { SampleState } from "../ledger/transitions.ts";

/** Times that a sample may fail before it is rejected. */
const FAILURES_AT_MOST = 2;
/** The class of a prompt that does not fit a worker's context. */
const PROMPT_TOO_LONG = "prompt-too-long";
/** Classes that say of a prompt that nobody can serve it: said often enough, its instance is not asked again. */
const UNSERVABLE = new Set(["task-unservable", "prompt-empty", "token-unknown"]);

/** Whether a sample is still wanted; `accepted` stands for "open: go on". */
export function judgeSample(state: LedgerState, task: string, index: number): SampleOutcome {
  const live = state.tasks.get(task);
  const closed = state.closed.get(task);
  const at = live === undefined ? stateOfLetter(closed?.[index]) : live.samples[index]?.state;
  switch (at) {
    case undefined:
      return "OUTCOME_REFUSED";
    case "open":
      return "OUTCOME_ACCEPTED";
    case "expired":
    case "rejected":
      return "OUTCOME_CLOSED";
    default:
      return "OUTCOME_DUPLICATE";
  }
}

/** What the ledger keeps of a rollout. */
export function summarizeRollout(
  rollout: Rollout,
  stored: { sequence: number; sha256: string },
): AcceptedRollout {
  const { completion, reward, timings } = rollout;
  return {
    ...stored,
    reward: reward?.value ?? Number.NaN,
    wellFormed: reward?.errorClass === "",
    exact: reward?.exact ?? false,
    oldest: oldestVersion(rollout),
    tokens: (completion?.tokens.byteLength ?? 0) / Int32Array.BYTES_PER_ELEMENT,
    cutOff: completion?.finish === "FINISH_LENGTH",
    worker: rollout.worker,
    generateMs: (timings?.prefillMs ?? 0) + (timings?.decodeMs ?? 0),
    rewardMs: timings?.rewardMs ?? 0,
  };
}

/** Oldest policy version among a rollout's tokens. */
export function oldestVersion({ completion }: Rollout): number {
  const versions = (completion?.spans ?? []).map((span) => span.policyVersion);
  return versions.reduce((oldest, version) => Math.min(oldest, version), Number.POSITIVE_INFINITY);
}

/**
 * What follows from a sample that could not be made: nothing unless its live lease says so, and says so once.
 *
 * @param contextTokens - of the run: a prompt that does not fit it fits nobody; one that does not fit less is kept from
 *   that worker
 */
export function judgeFailure(state: LedgerState, failure: FailedSample, contextTokens: number): Decision[] {
  const task = state.tasks.get(failure.task);
  const sample = task?.samples[failure.sample];
  if (task === undefined || sample === undefined) return [];
  if (!holdsSample(state, failure.lease, failure.task, failure.sample)) return [];
  const { errorClass: reason, message } = failure;
  const failed: Decision = { type: "failed", task: task.task, sample: failure.sample, reason, message };
  if (reason === PROMPT_TOO_LONG) {
    const isSmall = failure.contextTokens > 0 && failure.contextTokens < contextTokens;
    return isSmall ? [{ ...failed, reason: TOO_LONG_FOR_WORKER }] : [rejectOpen(task, reason, message, true)];
  }
  const mayFail = sample.failures + 1 < FAILURES_AT_MOST;
  if (UNSERVABLE.has(reason)) return mayFail ? [failed] : [rejectOpen(task, reason, message, true)];
  if (failure.retry && mayFail) return [failed];
  const samples = [failure.sample];
  return [{ type: "rejected", task: task.task, samples, reason, message, replace: false, unusable: false }];
}

/** Whether a lease still holds a sample of its task, so that tokens or a failure of it may be taken from it. */
export function holdsSample(state: LedgerState, lease: string, task: string, index: number): boolean {
  const held = state.leases.get(lease);
  return held?.task === task && held.samples.has(index);
}

function stateOfLetter(letter: string | undefined): SampleState | undefined {
  const states: Record<string, SampleState> = {
    t: "trained",
    s: "skipped",
    e: "evaluated",
    r: "rejected",
    x: "expired",
  };
  return letter === undefined ? undefined : states[letter];
}
