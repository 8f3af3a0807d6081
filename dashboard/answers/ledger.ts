/** Books of a lane. */
export interface LaneView {
  readonly lane: string;
  readonly issued: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly expired: number;
  readonly outstanding: number;
  readonly trained: number;
  readonly skipped: number;
  readonly evaluated: number;
  readonly waiting: number;
  readonly duplicates: number;
}

/** Samples by why they ended so. */
export interface ReasonCount {
  readonly lane: string;
  readonly outcome: string;
  readonly reason: string;
  readonly samples: number;
}

/** `GET /api/ledger`. */
export interface LedgerView {
  readonly lanes: readonly LaneView[];
  readonly reasons: readonly ReasonCount[];
  /** Instances that are not asked again. */
  readonly setAside: readonly { readonly instance: string; readonly reason: string }[];
}
