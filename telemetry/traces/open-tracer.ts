import { type Attributes, type HrTime, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { otlpUrl } from "../otlp-url.ts";
import { SCOPE } from "../scope.ts";
import type { SpanAddress } from "./trace.ts";
import type { FinishedSpan, Traces } from "./traces.ts";

/** Traces that are sent. Disposing sends what is left. */
export interface OpenTracer extends AsyncDisposable {
  readonly traces: Traces;
}

/** Where spans are sent, and which. */
export interface TracerOptions {
  readonly resource: Resource;
  /** Base URL of an OTLP receiver. */
  readonly otlp: string;
  readonly share: number;
  readonly withText: boolean;
}

const TIMEOUT_MS = 5_000;
const EVERY_MS = 5_000;
/** Spans of one transmission, and those that may wait for theirs: what a receiver that is away costs in memory. */
const AT_ONCE = 512;
const WAITING = 8_192;

/** Opens what sends spans. They are made here with ids of our own, and not by the SDK's tracer, which draws its own. */
export function openTracer({ resource, otlp, share, withText }: TracerOptions): OpenTracer {
  const exporter = new OTLPTraceExporter({ url: otlpUrl(otlp, "traces"), timeoutMillis: TIMEOUT_MS });
  const processor = new BatchSpanProcessor({
    exporter,
    maxExportBatchSize: AT_ONCE,
    maxQueueSize: WAITING,
    scheduledDelayMillis: EVERY_MS,
    exportTimeoutMillis: TIMEOUT_MS,
  });
  return {
    traces: {
      isOn: true,
      share,
      withText,
      end: (...spans) => {
        for (const span of spans) processor.onEnd(readable(span, resource));
      },
    },
    [Symbol.asyncDispose]: () => processor.shutdown(),
  };
}

const KINDS: Partial<Record<FinishedSpan["name"], SpanKind>> = {
  queue: SpanKind.PRODUCER,
  sample: SpanKind.CONSUMER,
  collect: SpanKind.CLIENT,
  publish: SpanKind.CLIENT,
};

function readable(span: FinishedSpan, resource: Resource): ReadableSpan {
  const { name, address, parent, links = [], startMs, attributes, error } = span;
  const endMs = Math.max(startMs, span.endMs); // Two clocks may not agree.
  const context = contextOf(address);
  return {
    name,
    kind: KINDS[name] ?? SpanKind.INTERNAL,
    spanContext: () => context,
    ...(parent && { parentSpanContext: contextOf(parent) }),
    startTime: timeOf(startMs),
    endTime: timeOf(endMs),
    duration: timeOf(endMs - startMs),
    status:
      error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes: withoutHoles(attributes),
    links: links.map((link) => ({ context: contextOf(link) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** A span that is told for each sample is made without intermediate lists. */
function withoutHoles(attributes: Attributes): Attributes {
  const kept: Attributes = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function contextOf({ traceId, spanId }: SpanAddress) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

/** Seconds and nanoseconds. */
function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
