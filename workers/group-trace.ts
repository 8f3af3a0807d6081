import type { EngineCompletion } from "../llama/index.ts";
import type { MissingSample, SampleAnswer } from "../proto/index.ts";
import {
  type FinishedSpan,
  leaseSpan,
  type SpanAddress,
  type SpanAttributes,
  sampleSpan,
  type Trace,
  type Traces,
  traceOf,
} from "../telemetry/index.ts";
import { type Origin, prefixLength } from "./completion-record.ts";
import type { HeldSpans } from "./held-spans.ts";
import type { LeasedGroup } from "./leased-group.ts";
import type { PreparedGroup } from "./prepare-group.ts";
import type { Score } from "./reward-protocol.ts";

/** Where a worker's spans go. */
export interface WorkerTraces {
  readonly traces: Traces;
  readonly held: HeldSpans;
}

/** Follows the samples of one lease. */
export interface GroupTrace {
  /** The engine gave a completion out, now. */
  sampled(completion: EngineCompletion, missing: MissingSample, prepared: PreparedGroup): SampleTrace;
  /** Nothing more comes of it. */
  end(): void;
}

/** Follows one sample from the engine to the acknowledgement. */
export interface SampleTrace {
  /** It is scored, and on its way to the coordinator from now on. */
  scored(startMs: number, score: Score): void;
  answered(answer: Pick<SampleAnswer, "outcome" | "reason" | "keepTrace">): void;
}

const NOTHING: GroupTrace = {
  sampled: () => ({ scored: () => {}, answered: () => {} }),
  end: () => {},
};

/** Follows a group; does nothing where nobody asks for traces, or its task came without a trace. */
export function traceGroup(
  { granted, trace: from }: LeasedGroup,
  origin: Origin,
  tracing: WorkerTraces | undefined,
): GroupTrace {
  const { lease } = granted;
  if (!tracing?.traces.isOn || from === null) return NOTHING;
  const { traces, held } = tracing;
  const trace = traceOf(from.traceId);
  if (from.sampled) held.keep(lease);

  return {
    end: () => held.end(lease),
    sampled: (completion, missing, prepared) => {
      const parts = { trace, lease, origin, withText: traces.withText };
      const address = sampleSpan(trace, missing.sample, missing.attempt);
      const engine = engineSpans(completion, missing, address, parts);
      const about = sampleAttributes(completion, missing, prepared, parts);
      const after: FinishedSpan[] = [];
      let handedOverMs = Date.now();
      return {
        scored: (startMs, score) => {
          handedOverMs = Date.now();
          after.push(rewardSpan(trace, address, missing, startMs, score));
        },
        answered: ({ outcome, reason, keepTrace }) => {
          const endMs = Date.now();
          const said = outcome.slice("OUTCOME_".length).toLowerCase();
          const isRefused = outcome === "OUTCOME_REFUSED" && { error: reason };
          held.add(lease, [
            {
              name: "sample",
              address,
              parent: leaseSpan(trace, lease),
              links: missing.attempt > 1 ? [sampleSpan(trace, missing.sample, missing.attempt - 1)] : [],
              startMs: engine[0]?.startMs ?? handedOverMs,
              endMs,
              attributes: about,
              ...isRefused,
            },
            ...engine,
            ...after,
            {
              name: "collect",
              address: within(trace, missing, "collect"),
              parent: address,
              startMs: handedOverMs,
              endMs,
              attributes: {
                "rpc.system": "grpc",
                "rpc.service": "fleet.v1.RolloutCollector",
                "rpc.method": "Collect",
                "fleet.collect.outcome": said,
              },
              ...isRefused,
            },
          ]);
          if (keepTrace) held.keep(lease);
        },
      };
    },
  };
}

interface GroupParts {
  readonly trace: Trace;
  readonly lease: string;
  readonly origin: Origin;
  readonly withText: boolean;
}

function within(trace: Trace, { sample, attempt }: MissingSample, ...name: (string | number)[]): SpanAddress {
  return trace.span("sample", sample, attempt, ...name);
}

/** From what the engine measured, back from now. */
function engineSpans(
  { timings, spans, tokens }: EngineCompletion,
  missing: MissingSample,
  parent: SpanAddress,
  { trace }: GroupParts,
): FinishedSpan[] {
  const { queuedMs, prefillMs, decodeMs, spanStartsMs } = timings;
  const endMs = Date.now();
  const decodeFromMs = endMs - decodeMs;
  const prefillFromMs = decodeFromMs - prefillMs;
  const kept = prefixLength(missing.prefix);
  const own = spans.slice(spans.length - spanStartsMs.length);
  return [
    {
      name: "queued",
      address: within(trace, missing, "queued"),
      parent,
      startMs: prefillFromMs - queuedMs,
      endMs: prefillFromMs,
      attributes: {},
    },
    {
      name: "prefill",
      address: within(trace, missing, "prefill"),
      parent,
      startMs: prefillFromMs,
      endMs: decodeFromMs,
      attributes: { ...(kept > 0 && { "fleet.tokens.kept": kept }) },
    },
    ...own.map(({ from, policy }, index): FinishedSpan => {
      const startMs = decodeFromMs + (spanStartsMs[index] ?? 0);
      const untilMs = decodeFromMs + (spanStartsMs[index + 1] ?? decodeMs);
      const count = (own[index + 1]?.from ?? tokens.length) - from;
      return {
        name: "decode",
        address: within(trace, missing, "decode", index),
        parent,
        startMs,
        endMs: untilMs,
        attributes: {
          "fleet.policy.version": policy.version,
          "fleet.policy.adapter": policy.adapter,
          "fleet.tokens": count,
          ...(untilMs > startMs && { "fleet.tokens_per_second": (1_000 * count) / (untilMs - startMs) }),
        },
      };
    }),
  ];
}

function rewardSpan(
  trace: Trace,
  parent: SpanAddress,
  missing: MissingSample,
  startMs: number,
  { reward, exact, errorClass, scorer, components }: Score,
): FinishedSpan {
  return {
    name: "reward",
    address: within(trace, missing, "reward"),
    parent,
    startMs,
    endMs: Date.now(),
    attributes: {
      "fleet.reward": reward,
      "fleet.reward.exact": exact,
      "fleet.reward.scorer": scorer,
      "fleet.reward.components": components.map(({ name, value }) => `${name}=${value}`),
      ...(errorClass !== "" && { "fleet.reward.verdict": errorClass }),
    },
  };
}

function sampleAttributes(
  { finish, tokens, text }: EngineCompletion,
  { sample, attempt }: MissingSample,
  { task, request }: PreparedGroup,
  { lease, origin, withText }: GroupParts,
): SpanAttributes {
  return {
    "fleet.task": task.task,
    "fleet.instance": task.instance,
    "fleet.sample": sample,
    "fleet.attempt": attempt,
    "fleet.lease": lease,
    "fleet.worker": origin.worker,
    "fleet.device": origin.device,
    "fleet.variant": origin.variant,
    "messaging.system": "nats",
    "messaging.destination.name": "TASKS",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.temperature": request.sampling.temperature,
    "gen_ai.request.max_tokens": request.sampling.maxTokens,
    "gen_ai.usage.input_tokens": request.prompt.length,
    "gen_ai.usage.output_tokens": tokens.length,
    "gen_ai.response.finish_reasons": [finish],
    ...(withText && {
      "gen_ai.input.messages": JSON.stringify(task.messages),
      "gen_ai.output.messages": JSON.stringify([{ role: "assistant", content: text }]),
    }),
  };
}
