/**
 * What the fleet tells about itself, and the only folder that knows the OpenTelemetry SDK. One logger for every process:
 * one line an event, with run, task and lease as fields, never inside the text. Metrics cost nothing where nobody
 * asks for them.
 *
 * @module
 */

export { TelemetryConfig } from "./config.ts";
export { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
export type { Metrics } from "./metrics.ts";
export { METRICS, type Metric, prometheusName } from "./names/index.ts";
export { createOccupancy } from "./occupancy.ts";
export { noTelemetry, openTelemetry, type Telemetry, type TelemetryOptions } from "./open-telemetry.ts";
export { metricTables, spanTables } from "./page.ts";
export { openProbes } from "./probes.ts";
export {
  isSampled,
  leaseSpan,
  readTraceparent,
  type SpanAddress,
  sampleSpan,
  stepTrace,
  type Trace,
  type TraceContext,
  taskTrace,
  traceOf,
  traceparentOf,
} from "./traces/trace.ts";
export { type FinishedSpan, noTraces, type SpanAttributes, type Traces } from "./traces/traces.ts";
