import type { EngineCompletion, SampleFailure } from "../llama/index.ts";
import type { MissingSample, SampleAnswer } from "../proto/index.ts";
import { type FinishedSpan, leaseSpan, sampleSpan, type Traces, traceOf } from "../telemetry/index.ts";
import type { Origin } from "./completion-record.ts";
import type { HeldSpans } from "./held-spans.ts";
import type { LeasedGroup } from "./leased-group.ts";
import type { PreparedGroup } from "./prepare-group.ts";
import type { Score } from "./reward-protocol.ts";
import { collectSpan, engineSpans, rewardSpan, sampleAttributes } from "./sample-spans.ts";

/** Where a worker's spans go. */
export interface WorkerTraces {
  readonly traces: Traces;
  readonly held: HeldSpans;
}

/** Follows the samples of one lease. */
export interface GroupTrace {
  /** The engine gave a completion out, now. */
  sampled(completion: EngineCompletion, missing: MissingSample, prepared: PreparedGroup): SampleTrace;
  /** A sample could not be made or scored, as the coordinator was told. */
  failed(missing: MissingSample, failure: SampleFailure, answer: TracedAnswer): void;
  /** Nothing more comes of it. */
  end(): void;
}

/** Follows one sample from the engine to the acknowledgement. */
export interface SampleTrace {
  /** It is scored, and on its way to the coordinator from now on. */
  scored(startMs: number, score: Score): void;
  answered(answer: TracedAnswer): void;
}

type TracedAnswer = Pick<SampleAnswer, "outcome" | "reason" | "keepTrace">;

const NOTHING: GroupTrace = {
  sampled: () => ({ scored: () => {}, answered: () => {} }),
  failed: () => {},
  end: () => {},
};

/** Follows a group; does nothing where nobody asks for traces, or its task came without a trace. */
export function traceGroup(
  { granted, trace: from }: LeasedGroup,
  origin: Origin,
  tracing: WorkerTraces | undefined,
): GroupTrace {
  if (!tracing?.traces.isOn || from === null) return NOTHING;
  const { lease } = granted;
  const { traces, held } = tracing;
  const trace = traceOf(from.traceId);
  const beganMs = Date.now();
  if (from.sampled) held.keep(lease);

  function tell(spans: readonly FinishedSpan[], { keepTrace }: TracedAnswer): void {
    held.add(lease, spans);
    if (keepTrace) held.keep(lease);
  }

  const placeOf = ({ sample, attempt }: MissingSample) => ({
    name: "sample" as const,
    address: sampleSpan(trace, sample, attempt),
    parent: leaseSpan(trace, lease),
    links: attempt > 1 ? [sampleSpan(trace, sample, attempt - 1)] : [],
  });

  return {
    end: () => held.end(lease),
    failed: (missing, { errorClass, message }, answer) => {
      const { sample, attempt } = missing;
      const { worker, device } = origin;
      const attributes = {
        ...{ "fleet.sample": sample, "fleet.attempt": attempt, "fleet.lease": lease },
        ...{ "fleet.worker": worker, "fleet.device": device },
      };
      const error = `${errorClass}: ${message}`;
      tell([{ ...placeOf(missing), startMs: beganMs, endMs: Date.now(), attributes, error }], answer);
    },
    sampled: (completion, missing, prepared) => {
      const within = { trace, missing };
      const phases = engineSpans(completion, within);
      const attributes = sampleAttributes(completion, missing, prepared, {
        ...{ lease, origin, withText: traces.withText },
      });
      let handedOverMs = Date.now();
      return {
        scored: (startMs, score) => {
          handedOverMs = Date.now();
          phases.push(rewardSpan(score, startMs, handedOverMs, within));
        },
        answered: (answer) => {
          const endMs = Date.now();
          const collect = collectSpan(answer, handedOverMs, endMs, within);
          const startMs = phases[0]?.startMs ?? handedOverMs;
          const isRefused = collect.error !== undefined && { error: collect.error };
          const sample = { ...placeOf(missing), startMs, endMs, attributes, ...isRefused };
          tell([sample, ...phases, collect], answer);
        },
      };
    },
  };
}
