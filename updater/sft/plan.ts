import { createRandom, permutation } from "../../core/index.ts";

/** Batches whose examples are sorted by length before they are dealt out, so that a batch has little padding. */
const POOL_BATCHES = 16;

/** How a dataset is dealt out. */
export interface PlanOptions {
  /** Examples of a batch. */
  readonly rows: number;
  /** Tokens of all batches together. */
  readonly tokens: number;
  /** What the order depends on. */
  readonly seed: string;
}

/**
 * The batches of a phase: examples in random order, each used once before any is used again, batches of similar
 * lengths. Depends on the arguments alone, so that a phase that is continued deals out the same.
 *
 * @param lengths - of each example, in tokens
 * @returns indexes of examples, until the batches have at least `tokens` tokens
 */
export function planBatches(lengths: readonly number[], { rows, tokens, seed }: PlanOptions): number[][] {
  const batches: number[][] = [];
  let planned = 0;
  for (const [number, pool] of poolsOf(lengths.length, rows * POOL_BATCHES, seed)) {
    for (const batch of dealPool(pool, lengths, rows, `${seed}/pool-${number}`)) {
      if (planned >= tokens) return batches;
      batches.push(batch);
      planned += batch.reduce((sum, index) => sum + (lengths[index] ?? 0), 0);
    }
  }
  return batches;
}

/** Example indexes in random order, epoch after epoch, `size` at a time, without end. */
function* poolsOf(count: number, size: number, seed: string): Generator<[number, number[]]> {
  let waiting: number[] = [];
  let number = 0;
  for (let epoch = 0; ; epoch++) {
    waiting = waiting.concat(permutation(count, `${seed}/epoch-${epoch}`));
    while (waiting.length >= size) {
      yield [number++, waiting.slice(0, size)];
      waiting = waiting.slice(size);
    }
  }
}

function dealPool(
  pool: readonly number[],
  lengths: readonly number[],
  rows: number,
  seed: string,
): number[][] {
  const byLength = pool.toSorted((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
  const batches = Array.from({ length: POOL_BATCHES }, (_, i) => byLength.slice(i * rows, (i + 1) * rows));
  const next = createRandom(seed);
  return batches
    .map((batch) => ({ batch, draw: next() }))
    .sort((a, b) => a.draw - b.draw)
    .map(({ batch }) => batch);
}
