/** What a process that fuzzes is to do. */
export interface FuzzOrder {
  /** URL of the module that exports `targets`. */
  readonly targets: string;
  readonly seed: string;
  /** Targets in turn, each from its input `from` on and before `to`, for so long. */
  readonly stretches: readonly Stretch[];
  readonly progressFile: string;
  readonly workFolder: string;
  readonly failuresFolder: string;
}

/** A target's share of the work. */
export interface Stretch {
  readonly target: string;
  readonly from: number;
  readonly to: number;
  readonly milliseconds: number;
}
