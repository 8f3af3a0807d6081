/** Two ways of doing the same, each a run that says how long it took in milliseconds. */
export interface Pair {
  readonly ours: () => number | Promise<number>;
  readonly theirs: () => number | Promise<number>;
}

/**
 * How many times as long `theirs` takes: the median over pairs that run one after the other, the order turned around
 * each time, since machines are noisy and drift.
 */
export async function medianRatio({ ours, theirs }: Pair, pairs: number): Promise<number> {
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? await ours() : await theirs();
    const second = pair % 2 === 0 ? await theirs() : await ours();
    ratios.push(pair % 2 === 0 ? second / first : first / second);
  }
  return median(ratios);
}

/** The middle value; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2;
}

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
