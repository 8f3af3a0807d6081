/**
 * The spans within one attempt at a sample, and what is said of it.
 *
 * @module
 */
import type { EngineCompletion } from "../llama/index.ts";
import type { MissingSample, SampleAnswer } from "../proto/index.ts";
import { type FinishedSpan, type SpanAttributes, sampleSpan, type Trace } from "../telemetry/index.ts";
import { type Origin, prefixLength } from "./completion-record.ts";
import type { PreparedGroup } from "./prepare-group.ts";
import type { Score } from "./reward-protocol.ts";

/** Which attempt spans are within. */
export interface Attempt {
  readonly trace: Trace;
  readonly missing: MissingSample;
}

/** What the engine measured, laid back from now: the wait for a slot, the prompt, and the tokens under each policy. */
export function engineSpans({ timings, spans, tokens }: EngineCompletion, attempt: Attempt): FinishedSpan[] {
  const { queuedMs, prefillMs, decodeMs, spanStartsMs } = timings;
  const decodeFromMs = Date.now() - decodeMs;
  const prefillFromMs = decodeFromMs - prefillMs;
  const kept = prefixLength(attempt.missing.prefix);
  const own = spans.slice(spans.length - spanStartsMs.length);
  return [
    { ...placed("queued", attempt), ...during(prefillFromMs - queuedMs, prefillFromMs), attributes: {} },
    {
      ...placed("prefill", attempt),
      ...during(prefillFromMs, decodeFromMs),
      attributes: { ...(kept > 0 && { "fleet.tokens.kept": kept }) },
    },
    ...own.map(({ from, policy }, index): FinishedSpan => {
      const startMs = decodeFromMs + (spanStartsMs[index] ?? 0);
      const endMs = decodeFromMs + (spanStartsMs[index + 1] ?? decodeMs);
      const count = (own[index + 1]?.from ?? tokens.length) - from;
      return {
        ...placed("decode", attempt, index),
        ...during(startMs, endMs),
        attributes: {
          "fleet.policy.version": policy.version,
          "fleet.policy.adapter": policy.adapter,
          "fleet.tokens": count,
          ...(endMs > startMs && { "fleet.tokens_per_second": (1_000 * count) / (endMs - startMs) }),
        },
      };
    }),
  ];
}

/** Its scoring, the wait for a thread included. */
export function rewardSpan(score: Score, startMs: number, endMs: number, attempt: Attempt): FinishedSpan {
  const { reward, exact, errorClass, scorer, components } = score;
  return {
    ...placed("reward", attempt),
    ...during(startMs, endMs),
    attributes: {
      "fleet.reward": reward,
      "fleet.reward.exact": exact,
      "fleet.reward.scorer": scorer,
      "fleet.reward.components": components.map(({ name, value }) => `${name}=${value}`),
      ...(errorClass !== "" && { "fleet.reward.verdict": errorClass }),
    },
  };
}

/** From its handing over to the answer; an error where it was refused. */
export function collectSpan(
  { outcome, reason }: Pick<SampleAnswer, "outcome" | "reason">,
  startMs: number,
  endMs: number,
  attempt: Attempt,
): FinishedSpan {
  return {
    ...placed("collect", attempt),
    ...during(startMs, endMs),
    attributes: {
      "rpc.system": "grpc",
      "rpc.service": "fleet.v1.RolloutCollector",
      "rpc.method": "Collect",
      "fleet.collect.outcome": outcome.slice("OUTCOME_".length).toLowerCase(),
    },
    ...(outcome === "OUTCOME_REFUSED" && { error: reason }),
  };
}

/** What is said of the attempt as a whole. */
export function sampleAttributes(
  { finish, tokens, text }: EngineCompletion,
  { sample, attempt }: MissingSample,
  { task, request }: PreparedGroup,
  {
    lease,
    origin,
    withText,
  }: { readonly lease: string; readonly origin: Origin; readonly withText: boolean },
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

function placed(name: FinishedSpan["name"], { trace, missing }: Attempt, ...more: readonly number[]) {
  const { sample, attempt } = missing;
  const address = trace.span("sample", sample, attempt, name, ...more);
  return { name, address, parent: sampleSpan(trace, sample, attempt) };
}

function during(startMs: number, endMs: number) {
  return { startMs, endMs };
}
