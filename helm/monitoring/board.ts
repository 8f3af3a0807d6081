/** One family of curves: a PromQL query, and what each of its series is called. */
export interface Curve {
  readonly query: string;
  /** Labels in double braces, as Grafana writes them. */
  readonly legend: string;
}

/** What a panel's values are, as Grafana names units. */
export type Unit = "none" | "short" | "percentunit" | "s" | "bytes" | "suffix: tokens/s" | "suffix: a second";

/** One picture of a board. */
export interface Panel {
  readonly title: string;
  /** What it shows and what to make of it. */
  readonly about: string;
  readonly unit: Unit;
  readonly curves: readonly Curve[];
  /** `curves` over time, unless said otherwise; `value`: the newest one, large; `stack`: curves on top of each other. */
  readonly as?: "curves" | "stack" | "value";
}

/** Panels that belong together, under a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A dashboard. */
export interface Board {
  /** Never changes: links and bookmarks hold it. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Row[];
}
