/**
 * What the boards ask in common. In a query `$run` and `$window` are the choices that a person makes at the head of a board.
 *
 * @module
 */
import type { Curve } from "./board.ts";

/** Of the chosen runs. */
const RUN = 'fleet_run=~"$run"';

/** A metric of the chosen runs. @param labels - further matchers, such as `lane="train"` */
export function of(metric: string, labels = ""): string {
  return `${metric}{${labels === "" ? RUN : `${RUN}, ${labels}`}}`;
}

/** How fast a counter grows, a second, over the chosen window. @param by - labels that are kept beside the run's */
export function rate(counter: string, by = "", labels = ""): string {
  return `sum by (${keeping(by)}) (rate(${of(counter, labels)}[$window]))`;
}

/** Sum over processes. @param by - labels that are kept beside the run's */
export function sum(metric: string, by = "", labels = ""): string {
  return `sum by (${keeping(by)}) (${of(metric, labels)})`;
}

/** Mean of what a histogram has seen in the chosen window; nothing where it has seen nothing. */
export function mean(histogram: string, by = "", labels = ""): string {
  return `${rate(`${histogram}_sum`, by, labels)} / (${rate(`${histogram}_count`, by, labels)} > 0)`;
}

/** A quantile of what a histogram has seen in the chosen window. */
export function quantile(share: number, histogram: string, by = "", labels = ""): string {
  const buckets = rate(`${histogram}_bucket`, by === "" ? "le" : `${by}, le`, labels);
  return `histogram_quantile(${share}, ${buckets})`;
}

/** Half and nine tenths of what a histogram has seen lie below these curves. */
export function spread(histogram: string, by = "", labels = ""): Curve[] {
  const name = ["fleet_run", ...(by === "" ? [] : by.split(", "))].map((label) => `{{${label}}}`).join(" ");
  return [
    { query: quantile(0.5, histogram, by, labels), legend: `${name}: median` },
    { query: quantile(0.9, histogram, by, labels), legend: `${name}: 90 %` },
  ];
}

/** A share: one rate over another; nothing where the other is 0. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}

/** The same with the name of the process that each series is of. */
export function named(query: string): string {
  return `${query} * on (job, instance) group_left (service_name, service_instance_id) target_info`;
}

/** The name of the process in a legend of what is {@link named}. */
export const PROCESS = "{{service_name}} {{service_instance_id}}";

function keeping(by: string): string {
  return by === "" ? "fleet_run" : `fleet_run, ${by}`;
}
