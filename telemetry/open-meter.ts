import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  Attributes,
  Histogram,
  Meter,
  ObservableResult,
  Counter as OtelCounter,
} from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import type { Metrics } from "./metrics.ts";
import { METRICS, type Metric } from "./names/index.ts";
import { otlpUrl } from "./otlp-url.ts";
import { SCOPE } from "./scope.ts";

/** Metrics that somebody may ask for. Disposing sends what is left. */
export interface OpenMeter extends AsyncDisposable {
  readonly metrics: Metrics;
  /** Answers a Prometheus server. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** Where metrics are sent, and how often. */
export interface MeterOptions {
  readonly resource: Resource;
  /** Base URL of an OTLP receiver; null: they are not sent, only answered. */
  readonly otlp: string | null;
  readonly everySeconds: number;
}

type Read = (tell: (value: number, labels: Attributes) => void) => void;

const TIMEOUT_MS = 10_000;

/** Opens the SDK's meter, with an instrument for every name that is used. */
export function openMeter({ resource, otlp, everySeconds }: MeterOptions): OpenMeter {
  const prometheus = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withResourceConstantLabels: /^fleet\.run$/,
  });
  const pushing = otlp === null ? [] : [pushingReader(otlp, everySeconds)];
  const provider = new MeterProvider({ resource, readers: [prometheus, ...pushing] });
  return {
    metrics: createMetrics(provider.getMeter(SCOPE.name)),
    handle: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    [Symbol.asyncDispose]: () => provider.shutdown({ timeoutMillis: TIMEOUT_MS }).catch(() => {}),
  };
}

function pushingReader(otlp: string, everySeconds: number): PeriodicExportingMetricReader {
  const exporter = new OTLPMetricExporter({ url: otlpUrl(otlp, "metrics"), timeoutMillis: TIMEOUT_MS });
  const exportIntervalMillis = everySeconds * 1_000;
  const exportTimeoutMillis = Math.min(TIMEOUT_MS, exportIntervalMillis);
  return new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis });
}

function createMetrics(meter: Meter): Metrics {
  const counters = new Map<string, OtelCounter>();
  const histograms = new Map<string, Histogram>();
  const observed = new Map<string, Set<Read>>();

  const optionsOf = ({ unit, about }: Metric) => ({ unit, description: about });

  function begin(name: keyof typeof METRICS): Set<Read> {
    const metric: Metric = METRICS[name];
    const reads = new Set<Read>();
    const observe = (result: ObservableResult) => {
      for (const read of reads) read((value, labels) => result.observe(value, labels));
    };
    if (metric.kind === "counter")
      meter.createObservableCounter(name, optionsOf(metric)).addCallback(observe);
    else meter.createObservableGauge(name, optionsOf(metric)).addCallback(observe);
    return reads;
  }

  return {
    isOn: true,
    add: (name, value, labels) => {
      const counter = counters.get(name) ?? meter.createCounter(name, optionsOf(METRICS[name]));
      counters.set(name, counter);
      counter.add(value, labels);
    },
    record: (name, value, labels) => {
      const known = histograms.get(name);
      const histogram = known ?? meter.createHistogram(name, histogramOptions(METRICS[name]));
      if (known === undefined) histograms.set(name, histogram);
      histogram.record(value, labels);
    },
    observe: (name, read) => {
      const reads = observed.get(name) ?? begin(name);
      observed.set(name, reads);
      reads.add(read as Read);
    },
  };

  function histogramOptions(metric: Metric) {
    return { ...optionsOf(metric), advice: { explicitBucketBoundaries: [...metric.buckets] } };
  }
}
