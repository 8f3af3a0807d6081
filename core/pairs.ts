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
