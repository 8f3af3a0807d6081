/** An instance and what was made of it. */
export interface InstanceRow {
  readonly instance: string;
  readonly lane: string;
  readonly rollouts: number;
  readonly groups: number;
  readonly meanReward: number;
  readonly bestReward: number;
  readonly solved: number;
  /** Mean reward of its groups, oldest first. */
  readonly rewards: readonly number[];
}

/** `GET /api/data?…`. */
export interface DataPage {
  readonly rows: readonly InstanceRow[];
  readonly total: number;
  /** Instances of the lane by how many of their rollouts are the true change. */
  readonly counts: { readonly never: number; readonly sometimes: number; readonly always: number };
}
