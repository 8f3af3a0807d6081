import type { Resource } from "@opentelemetry/resources";
import type { TelemetryConfig } from "./config.ts";
import type { Health } from "./health.ts";
import { type Metrics, noMetrics } from "./metrics.ts";
import { observeProcess } from "./observe-process.ts";
import type { Probes } from "./probes.ts";
import { noTraces, type Traces } from "./traces/traces.ts";

/** What a role tells of itself, each where somebody asks for it. */
export interface Telemetry {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly traces: Traces;
}

/** Nobody asks for anything. */
export const noTelemetry: Telemetry = {
  health: { started: () => {}, lacks: () => {} },
  metrics: noMetrics,
  traces: noTraces,
};

/** Who tells, of what, and to whom. */
export interface TelemetryOptions {
  /** "coordinator", "worker", "updater" or "autoscaler". */
  readonly role: string;
  /** Unique in the run. */
  readonly name: string;
  readonly run: string;
  readonly config: TelemetryConfig;
  readonly probes: Probes;
}

/**
 * Opens what is asked for: metrics where the probes are served or an OTLP receiver is named, traces where one is.
 * The SDK is loaded only then.
 * Disposing sends what is left, for a few seconds at most.
 */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry & AsyncDisposable> {
  const { config, probes, role, name, run } = options;
  const { health } = probes;
  await using opening = new AsyncDisposableStack();
  const isAsked = probes.port !== null || config.otlp !== null;
  if (!isAsked) return withDispose({ ...noTelemetry, health }, opening.move());

  const [{ openMeter }, { resourceFromAttributes }] = await Promise.all([
    import("./open-meter.ts"),
    import("@opentelemetry/resources"),
  ]);
  const resource = resourceFromAttributes({
    "service.name": `fleet-${role}`,
    "service.namespace": "rollout-fleet",
    "service.instance.id": name,
    "fleet.run": run,
  });
  const meter = opening.use(
    openMeter({ resource, otlp: config.otlp, everySeconds: config.metricsEverySeconds }),
  );
  const { metrics } = meter;
  observeProcess(metrics, health);
  probes.serveMetrics(meter.handle);
  const traces =
    config.otlp === null ? noTraces : opening.use(await tracerOf(config, config.otlp, resource)).traces;
  return withDispose({ health, metrics, traces }, opening.move());
}

async function tracerOf({ tracesShare, text }: TelemetryConfig, otlp: string, resource: Resource) {
  const { openTracer } = await import("./traces/open-tracer.ts");
  return openTracer({ resource, otlp, share: tracesShare, withText: text });
}

function withDispose(telemetry: Telemetry, opened: AsyncDisposableStack): Telemetry & AsyncDisposable {
  return { ...telemetry, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
