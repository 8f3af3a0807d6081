/** What a metric is: a sum that only grows, a value of this moment, or a distribution. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** What is said of a metric beside its name. */
export interface Metric<Kind extends MetricKind = MetricKind, Label extends string = string> {
  readonly kind: Kind;
  /** As the Unified Code for Units of Measure writes it; what is counted in braces. */
  readonly unit: string;
  readonly labels: readonly Label[];
  readonly about: string;
  /** Upper bounds of a histogram's buckets; empty for the others. */
  readonly buckets: readonly number[];
}

/** A sum that only grows. */
export function counter<const Label extends string>(
  unit: string,
  labels: readonly Label[],
  about: string,
): Metric<"counter", Label> {
  return { kind: "counter", unit, labels, about, buckets: [] };
}

/** A value of this moment. */
export function gauge<const Label extends string>(
  unit: string,
  labels: readonly Label[],
  about: string,
): Metric<"gauge", Label> {
  return { kind: "gauge", unit, labels, about, buckets: [] };
}

/** A distribution. */
export function histogram<const Label extends string>(
  unit: string,
  labels: readonly Label[],
  about: string,
  buckets: readonly number[],
): Metric<"histogram", Label> {
  return { kind: "histogram", unit, labels, about, buckets };
}

/** Buckets of durations, from a stored message to a long step. */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
/** Buckets of rewards and their components. */
export const REWARDS = [-1, -0.75, -0.5, -0.25, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];
/** Buckets of policy versions. */
export const VERSIONS = [0, 1, 2, 3, 4, 6, 8, 12, 16];
