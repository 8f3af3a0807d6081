/** A rollout in a list. */
export interface RolloutRow {
  readonly sequence: number;
  readonly lane: string;
  readonly task: string;
  readonly sample: number;
  readonly instance: string;
  /** Step of its batch, or version of its evaluation; null while neither is known. */
  readonly step: number | null;
  /** "trained", "skipped", "evaluated", or "waiting" while that is not known. */
  readonly outcome: string;
  readonly reward: number;
  readonly exact: boolean;
  readonly errorClass: string;
  readonly finish: string;
  readonly worker: string;
  /** Oldest policy version among its tokens. */
  readonly version: number;
  readonly temperature: number;
  readonly tokens: number;
  readonly promptTokens: number;
  readonly decodeMs: number;
}

/** `GET /api/rollouts?…`. */
export interface RolloutPage {
  readonly rows: readonly RolloutRow[];
  /** All that fit; null where texts are searched. */
  readonly total: number | null;
  /** Rollouts that are known. */
  readonly of: number;
  /** Where texts are searched: rollouts looked at, and what to give as `before` to look on; null at the end. */
  readonly searched: { readonly rollouts: number; readonly next: number | null } | null;
  /** Newest rollouts that this list does not know yet. */
  readonly notYet: number;
}

/** `GET /api/facets`: the values that rollouts can be filtered by. */
export interface Facets {
  readonly workers: readonly string[];
  readonly errorClasses: readonly string[];
  readonly finishes: readonly string[];
  readonly outcomes: readonly string[];
  readonly versions: { readonly least: number; readonly most: number };
}
