import { backoffMs, crashPoint, FleetError, pause, underName } from "../core/index.ts";
import type { EngineCompletion, SampleFailure } from "../llama/index.ts";
import type { MissingSample, SampleAnswer } from "../proto/index.ts";
import type { Logger, Metrics } from "../telemetry/index.ts";
import type { Collector, SampleMessage } from "./collector.ts";
import { type Origin, prefixLength, recordCompletion } from "./completion-record.ts";
import { type SampleTrace, traceGroup, type WorkerTraces } from "./group-trace.ts";
import type { LeasedGroup } from "./leased-group.ts";
import type { PreparedGroup } from "./prepare-group.ts";
import { RewardAwayError, RewardFailedError, type RewardPool } from "./reward-pool.ts";
import type { Score, ScoreOrder } from "./reward-protocol.ts";
import {
  type MeasuredRollout,
  RolloutTooLargeError,
  recordRollout,
  type SampleTimings,
} from "./rollout-record.ts";

/** The engine spoke of a sample that it was not given. */
class UnknownSampleError extends FleetError {
  readonly code = "workers.unknown_sample";
  readonly disposition = "fatal";
}

/** What the samples of one lease became, on its way to the coordinator. */
export interface SampleReports {
  /** Scores a completion and hands it over. */
  finished(completion: EngineCompletion, prepared: PreparedGroup): void;
  /** Hands over what there is of a sample, if this worker added a token to it. */
  partial(completion: EngineCompletion, prepared: PreparedGroup): void;
  failed(sample: number, failure: SampleFailure): void;
  /**
   * Waits until everything reported is answered.
   *
   * @returns false when the coordinator refused one or has to make up for one, so that the lease is not over by itself
   * @throws {CancelledError} when the worker lets go before that
   */
  settled(): Promise<boolean>;
}

/** Where reports go. */
export interface SampleReportDeps {
  readonly collector: Pick<Collector, "deliver">;
  readonly rewards: Pick<RewardPool, "score">;
  readonly origin: Origin;
  /** Aborts when the worker stops: what waits for its reward is handed over. */
  readonly stop: AbortSignal;
  readonly logger: Logger;
  /** Left out: nobody asks. */
  readonly metrics?: Metrics;
  /** Left out: nobody asks. */
  readonly tracing?: WorkerTraces;
}

/** How long a reward that is not there is asked again before another worker is to try. */
const REWARD_AWAY_MS = 300_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Reports about one group. */
export function createSampleReports(group: LeasedGroup, deps: SampleReportDeps): SampleReports {
  const { granted } = group;
  const { lease } = granted;
  const { task } = group.address;
  const reports: Promise<boolean>[] = [];
  const groupTrace = traceGroup(group, deps.origin, deps.tracing);

  async function answered(answer: Promise<SampleAnswer>, trace: SampleTrace["answered"]): Promise<boolean> {
    const said = await answer;
    const { outcome, ...about } = said;
    crashPoint("worker.after-deliver");
    trace(said);
    deps.metrics?.add("fleet.worker.samples", 1, { outcome: outcome.slice("OUTCOME_".length).toLowerCase() });
    if (outcome === "OUTCOME_REFUSED") logRefusal(deps.logger, about);
    return outcome !== "OUTCOME_REFUSED";
  }

  async function deliverFailure(sample: number, failure: SampleFailure): Promise<boolean> {
    deps.metrics?.add("fleet.worker.samples.failed", 1, { reason: failure.errorClass });
    deps.logger.warn("sample failed", { task, sample, ...failure });
    const message = { failed: { lease, task, sample, ...failure } };
    const answer = deps.collector.deliver({ message, bytes: 0 });
    const told = await answered(answer, (said) => groupTrace.failed(missingOf(sample), failure, said));
    return told && !failure.retry;
  }

  async function score(
    completion: EngineCompletion,
    prepared: PreparedGroup,
    trace: SampleTrace,
  ): Promise<SampleMessage> {
    const startedAt = performance.now();
    const startedMs = Date.now();
    const score = await scored(prepared.scoring(completion.text));
    const timings = timingsOf(completion, performance.now() - startedAt);
    measure(deps.metrics, timings, score);
    trace.scored(startedMs, score);
    const { rollout, bytes } = recordOf(completion, prepared, timings, score);
    crashPoint("worker.before-deliver");
    return { message: { finished: { lease, rollout } }, bytes };
  }

  /** What the collector keeps on disk must not live on in a waiting call: neither this nor `answered` knows it. */
  function scoreAndDeliver(completion: EngineCompletion, prepared: PreparedGroup): Promise<boolean> {
    const { sample } = completion;
    const trace = groupTrace.sampled(completion, missingOf(sample), prepared);
    return score(completion, prepared, trace).then(
      (message) => answered(deps.collector.deliver(message), trace.answered),
      (error: unknown) =>
        error instanceof RewardAwayError
          ? passOn(completion, prepared)
          : deliverFailure(sample, failureOf(error)),
    );
  }

  /**
   * A reward that is not there is nobody's fault here: it is asked again, for minutes, unless the lease is lost or the worker
   * stops.
   */
  async function scored(order: ScoreOrder): Promise<Score> {
    const givenUp = AbortSignal.any([group.lease.lost, deps.stop, AbortSignal.timeout(REWARD_AWAY_MS)]);
    for (let attempt = 0; ; attempt++) {
      try {
        return await deps.rewards.score(order);
      } catch (error) {
        if (!(error instanceof RewardAwayError) || givenUp.aborted) throw error;
        deps.logger.warn("reward away", { task, error: error.message });
        const wait = pause(backoffMs(attempt, FIRST_RETRY_MS, LAST_RETRY_MS), givenUp);
        await underName(`the reward of task ${task} to be there again`, wait);
      }
    }
  }

  /** What could not be scored goes on elsewhere from its last token, which is all that is left to do of it. */
  async function passOn(completion: EngineCompletion, prepared: PreparedGroup): Promise<boolean> {
    if (!group.lease.lost.aborted) await deliverPartial({ ...completion, finish: "partial" }, prepared);
    return false;
  }

  async function deliverPartial(completion: EngineCompletion, prepared: PreparedGroup): Promise<boolean> {
    const { prefix } = missingOf(completion.sample);
    if (completion.tokens.length <= prefixLength(prefix)) return true;
    const trace = groupTrace.sampled(completion, missingOf(completion.sample), prepared);
    const { rollout, bytes } = recordOf(completion, prepared, timingsOf(completion, 0), null);
    return await answered(
      deps.collector.deliver({ message: { partial: { lease, rollout } }, bytes }),
      trace.answered,
    );
  }

  function recordOf(
    completion: EngineCompletion,
    prepared: PreparedGroup,
    timings: SampleTimings,
    score: Score | null,
  ): MeasuredRollout {
    const missing = missingOf(completion.sample);
    const record = recordCompletion(completion, missing.prefix, deps.origin);
    return recordRollout(contextOf(missing, prepared), record, timings, score);
  }

  const contextOf = ({ sample, attempt }: MissingSample, prepared: PreparedGroup) => ({
    task: prepared.task,
    sample,
    attempt,
    promptTokens: prepared.request.prompt,
    worker: deps.origin.worker,
    traceId: group.trace?.traceId ?? "",
  });
  const missingOf = (sample: number) => {
    const missing = granted.samples.find((candidate) => candidate.sample === sample);
    if (missing) return missing;
    throw new UnknownSampleError(
      `the engine reported sample ${sample} of task ${task}, which was not asked for`,
    );
  };
  const report = (settled: Promise<boolean>) => {
    settled.catch(() => {}); // Looked at by `settled`.
    reports.push(settled);
  };

  return {
    finished: (completion, prepared) => report(scoreAndDeliver(completion, prepared)),
    partial: (completion, prepared) => report(deliverPartial(completion, prepared)),
    failed: (sample, failure) => report(deliverFailure(sample, failure)),
    settled: async () => {
      try {
        return (await Promise.all(reports)).every((settled) => settled);
      } finally {
        groupTrace.end();
      }
    },
  };
}

function timingsOf({ timings }: EngineCompletion, rewardMs: number): SampleTimings {
  const { queuedMs, prefillMs, decodeMs } = timings;
  return { queuedMs, prefillMs, decodeMs, rewardMs };
}

/** How a completion that could not be scored or recorded is reported; anything else is not the sample's fault. */
function failureOf(error: unknown): SampleFailure {
  if (error instanceof RewardFailedError) {
    return { errorClass: "reward-failed", message: error.message, retry: true };
  }
  if (error instanceof RolloutTooLargeError) {
    return { errorClass: "rollout-too-large", message: error.message, retry: false };
  }
  throw error;
}

function logRefusal(logger: Logger, { task, sample, reason }: Omit<SampleAnswer, "outcome">): void {
  logger.warn("sample refused", { task, sample, reason });
}

function measure(metrics: Metrics | undefined, timings: SampleTimings, { components }: Score): void {
  if (!metrics?.isOn) return;
  metrics.record("fleet.worker.phase.seconds", timings.queuedMs / 1_000, { phase: "queued" });
  metrics.record("fleet.worker.phase.seconds", timings.prefillMs / 1_000, { phase: "prefill" });
  metrics.record("fleet.worker.phase.seconds", timings.decodeMs / 1_000, { phase: "decode" });
  metrics.record("fleet.worker.reward.seconds", timings.rewardMs / 1_000, {});
  for (const { name, value } of components)
    metrics.record("fleet.worker.reward.component", value, { component: name });
}
