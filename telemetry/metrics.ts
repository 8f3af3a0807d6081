import type { METRICS, MetricKind } from "./names/index.ts";

/** The names of {@link METRICS}, all or of one kind. */
export type MetricName<Kind extends MetricKind = MetricKind> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name]["kind"] extends Kind ? Name : never;
}[keyof typeof METRICS];

/** The labels of a metric, each with its value. Values are few: never an id of a task or a sample. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]["labels"][number], string | number>
>;

/** Tells one value of a metric, while it is being looked at. */
type Tell<Name extends MetricName> = (value: number, labels: LabelsOf<Name>) => void;

/** What a process counts and measures. Nothing happens in any of these where nobody asks for metrics. */
export interface Metrics {
  /** Whether somebody may ask for them, so that what is only for them is worth doing. */
  readonly isOn: boolean;
  /** Counts. @param value - 0 or more */
  add<Name extends MetricName<"counter">>(name: Name, value: number, labels: LabelsOf<Name>): void;
  /** Measures one thing of many. */
  record<Name extends MetricName<"histogram">>(name: Name, value: number, labels: LabelsOf<Name>): void;
  /**
   * Says how a gauge, or a counter that is kept elsewhere, is read whenever somebody asks. A value that is told once is
   * told again as it was until `read` tells another for the same labels.
   */
  observe<Name extends MetricName<"gauge" | "counter">>(name: Name, read: (tell: Tell<Name>) => void): void;
}

/** Nobody asks. */
export const noMetrics: Metrics = {
  isOn: false,
  add: () => {},
  record: () => {},
  observe: () => {},
};
