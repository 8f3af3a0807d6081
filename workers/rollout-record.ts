import { FleetError } from "../core/index.ts";
import type { CompletionInit, RewardInit, RolloutInit, Task } from "../proto/index.ts";
import { encodeRollout, int32Bytes } from "../transport/index.ts";
import type { Score } from "./reward-protocol.ts";

/** A record that is too long even without its explanation. */
export class RolloutTooLargeError extends FleetError {
  readonly code = "workers.rollout_too_large";
  readonly disposition = "reject";
}

/** Longest encoded rollout, in bytes: one message of the ROLLOUTS stream. */
export const ROLLOUT_BYTES_AT_MOST = 768_000;

/** What a rollout says besides its completion and reward. */
export interface RecordContext {
  readonly task: Task;
  readonly sample: number;
  readonly attempt: number;
  readonly promptTokens: Int32Array;
  readonly worker: string;
  /** Trace that the task came with; "" when it had none. */
  readonly traceId: string;
}

/** Durations of one sample on this worker, in milliseconds. */
export interface SampleTimings {
  readonly queuedMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  /** 0 for a partial one. */
  readonly rewardMs: number;
}

/** A record and its encoded size. */
export interface MeasuredRollout {
  readonly rollout: RolloutInit;
  readonly bytes: number;
}

/**
 * The record of a sample, its explanation cut where it would not fit.
 *
 * @param score - null for a partial one
 * @throws {RolloutTooLargeError} when it does not fit without any explanation
 */
export function recordRollout(
  context: RecordContext,
  completion: CompletionInit,
  timings: SampleTimings,
  score: Score | null,
): MeasuredRollout {
  const { task, sample, attempt } = context;
  return cutToSize({
    run: task.run,
    lane: task.lane,
    task: task.task,
    sample,
    attempt,
    instance: task.instance,
    promptTokens: int32Bytes(context.promptTokens),
    completion,
    reward: score === null ? null : recordReward(score),
    seed: task.seed,
    temperature: task.sampling?.temperature ?? 1,
    timings: { ...timings },
    traceId: context.traceId,
    worker: context.worker,
  });
}

function recordReward(score: Score): RewardInit {
  return {
    value: score.reward,
    scorer: score.scorer,
    components: [...score.components],
    errorClass: score.errorClass,
    exact: score.exact,
    explanationJson: score.explanationJson,
  };
}

function cutToSize(rollout: RolloutInit): MeasuredRollout {
  const bytes = encodeRollout(rollout).byteLength;
  if (bytes <= ROLLOUT_BYTES_AT_MOST) return { rollout, bytes };
  const explanation = rollout.reward?.explanationJson ?? "";
  const room = Buffer.byteLength(explanation) - (bytes - ROLLOUT_BYTES_AT_MOST);
  const explanationJson = cutJson(explanation, room);
  if (explanationJson === null) {
    throw new RolloutTooLargeError(
      `the rollout has ${bytes} bytes, of which ${Buffer.byteLength(explanation)} are its explanation; ${ROLLOUT_BYTES_AT_MOST} is the most`,
    );
  }
  const cut = { ...rollout, reward: { ...rollout.reward, explanationJson } };
  return { rollout: cut, bytes: encodeRollout(cut).byteLength };
}

/** `{"cut": true, "begins": …}` in at most `bytes`; null when even that does not fit. */
function cutJson(json: string, bytes: number): string | null {
  for (let length = Math.max(bytes, 0); ; length = Math.floor(length / 2)) {
    const cut = JSON.stringify({ cut: true, begins: json.slice(0, length) });
    if (Buffer.byteLength(cut) <= bytes) return cut;
    if (length === 0) return null;
  }
}
