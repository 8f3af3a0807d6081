import { hash } from "node:crypto";

/** Where a span is: its trace and itself, in hex as W3C writes them. */
export interface SpanAddress {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * A trace whose ids follow from what it is about, so that every process names the same span without being told, and a
 * restart, a redelivery or a hand-over does not break it.
 */
export interface Trace {
  readonly id: string;
  /** The span that all others are under. */
  readonly root: SpanAddress;
  /** The span that these name within the trace. */
  span(...names: readonly (string | number)[]): SpanAddress;
}

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/** The trace of one task, from the prompt to the step that trained on it. */
export function taskTrace(run: string, task: string): Trace {
  return traceAbout(run, "task", task);
}

/** The trace of one step, from its batch to the last worker that samples under its policy. */
export function stepTrace(run: string, step: number): Trace {
  return traceAbout(run, "step", step);
}

/** The trace that has this id: whoever works for it need not know what it is about. */
export function traceOf(id: string): Trace {
  const span: Trace["span"] = (...names) => ({
    traceId: id,
    spanId: hex(SPAN_DIGITS, ["span", id, ...names]),
  });
  return { id, root: span("root"), span };
}

/** A worker holds a task; what it does for it is under this. */
export function leaseSpan(trace: Trace, lease: string): SpanAddress {
  return trace.span("lease", lease);
}

/** One attempt of a worker at a sample of a task; what links to a rollout links to this. */
export function sampleSpan(trace: Trace, sample: number, attempt: number): SpanAddress {
  return trace.span("sample", sample, attempt);
}

function traceAbout(...names: readonly (string | number)[]): Trace {
  return traceOf(hex(TRACE_DIGITS, ["trace", ...names]));
}

/** Of SHA-256 over the names as JSON, so that no two lists of names are the same text. */
function hex(digits: number, names: readonly (string | number)[]): string {
  return hash("sha256", JSON.stringify(names), "hex").slice(0, digits);
}

/** Digits of a trace id that are as good as random: the last 14, as W3C Trace Context level 2 has it. */
const RANDOM_DIGITS = 14;

/** Whether a trace is among the share that is kept whatever becomes of it; every process says the same of one. */
export function isSampled(traceId: string, share: number): boolean {
  return Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) < share * 16 ** RANDOM_DIGITS;
}

/** A span as the header `traceparent` names it to whoever works for it. */
export function traceparentOf({ traceId, spanId }: SpanAddress, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** What a `traceparent` says. */
export interface TraceContext extends SpanAddress {
  /** Whether its trace is kept whatever becomes of it. */
  readonly sampled: boolean;
}

/** Null where it is none. */
export function readTraceparent(header: string): TraceContext | null {
  const [, traceId, spanId, flags] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
