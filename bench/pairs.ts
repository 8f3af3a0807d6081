/**
 * The upper end of the median's 95 % interval, whatever the distribution: the smallest of the values that the median of
 * what they were drawn from lies above with a chance of at most 2.5 % (Conover, "Practical nonparametric statistics", 1999,
 * section 3.2).
 *
 * @param values - at least six, since fewer do not bound it
 */
export function medianAtMost(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  let ways = 1;
  let above = 2 ** -n; // All values are below the median.
  let from = n;
  while (above <= 0.025) {
    from -= 1;
    ways *= (from + 1) / (n - from);
    above += ways * 2 ** -n;
  }
  return from >= n ? Number.POSITIVE_INFINITY : (sorted[from] as number);
}

/** The milliseconds that some work takes. */
export function timed(work: () => void): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}
