/** Where time comes from. Decisions take a clock, so that tests can move it. */
export interface Clock {
  /** Milliseconds that only grow; for deadlines and durations. Never compared between processes. */
  monotonicMs(): number;
  /** Milliseconds since the epoch; for records a person reads. May jump. */
  wallMs(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
