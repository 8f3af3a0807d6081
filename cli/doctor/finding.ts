/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  /** Whether a run can do with it. */
  readonly works: boolean;
  readonly detail: string;
}
