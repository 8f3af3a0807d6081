/** Beyond this many nats a ratio of probabilities says only "very different". */
const MOST = 20;

/** The logarithm of a ratio, kept within ±20 nats so that its exponential stays finite. */
export function clampLogRatio(logRatio: number): number {
  return Math.min(MOST, Math.max(-MOST, logRatio));
}

/** Whether {@link clampLogRatio} leaves it as it is; elsewhere its derivative is zero. */
export function withinClamp(logRatio: number): boolean {
  return Math.abs(logRatio) <= MOST;
}
