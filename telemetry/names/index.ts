/**
 * Every metric of the fleet: what docs/telemetry.md, the boards and the alert rules may name.
 *
 * @module
 */
import { COORDINATOR_METRICS } from "./coordinator.ts";
import type { MetricKind } from "./metric.ts";
import { PROCESS_METRICS } from "./process.ts";
import { UPDATER_METRICS } from "./updater.ts";
import { WORKER_METRICS } from "./worker.ts";

export type { Metric, MetricKind } from "./metric.ts";

/** By who has them. */
export const METRICS_OF = {
  coordinator: COORDINATOR_METRICS,
  worker: WORKER_METRICS,
  updater: UPDATER_METRICS,
  "every process": PROCESS_METRICS,
};

/** By name. */
export const METRICS = { ...COORDINATOR_METRICS, ...WORKER_METRICS, ...UPDATER_METRICS, ...PROCESS_METRICS };

/** What Prometheus calls a metric; a histogram has `_bucket`, `_sum` and `_count` behind it. */
export function prometheusName(name: string, kind: MetricKind): string {
  const plain = name.replaceAll(".", "_");
  return kind === "counter" ? `${plain}_total` : plain;
}
