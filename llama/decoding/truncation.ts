/**
 * Truncated sampling without sorting a vocabulary: a threshold below which no token can be kept, found from the blocks'
 * maxima; then only the few tokens above it are ranked.
 *
 * @module
 */
import type { SamplingSettings } from "./generation.ts";
import { BLOCK } from "./softmax-kernel.ts";

type TruncationSettings = Pick<SamplingSettings, "topK" | "topP" | "minP">;
type ChoiceSettings = Pick<SamplingSettings, keyof TruncationSettings | "temperature">;

/** A row of finite logits. */
export interface LogitRow {
  readonly logits: Float32Array;
  /** The greatest logit of each block of {@link BLOCK}. */
  readonly maximaB: Float32Array;
  readonly temperature: number;
  readonly greatest: number;
  /** Of all weights exp((logit − greatest) / temperature), to 1e-6 of itself. */
  readonly sum: number;
}

/** The tokens that are left, ascending, and their weights. */
export interface KeptTokens {
  readonly tokens: readonly number[];
  readonly weights: readonly number[];
  readonly sum: number;
}

/** Whether the settings leave less than the whole vocabulary to choose from. At temperature 0 they change nothing. */
export function isTruncated({ temperature, topK, topP, minP }: ChoiceSettings): boolean {
  return temperature > 0 && (topK > 0 || topP < 1 || minP > 0);
}

/**
 * Keeps, in this order: the `topK` heaviest tokens; of these the fewest heaviest that hold the share `topP` of their
 * sum, to 1e-6; of these the ones at least `minP` times as heavy as the heaviest. Of equal logits the lower token id
 * counts as heavier. One token always stays.
 */
export function truncate(row: LogitRow, settings: TruncationSettings): KeptTokens {
  const candidates = candidatesOf(row, settings);
  const ranked = Float32Array.from(candidates, (token) => row.logits[token] as number)
    .sort()
    .reverse();
  const count = countKept(ranked, row, settings);
  const last = ranked[count - 1] as number;
  let ties = count - ranked.indexOf(last);
  const tokens = candidates.filter((token) => {
    const logit = row.logits[token] as number;
    return logit > last || (logit === last && ties-- > 0);
  });
  const weights = tokens.map((token) => weightOf(row.logits[token] as number, row));
  return { tokens, weights, sum: sumOf(weights) };
}

function countKept(ranked: Float32Array, row: LogitRow, { topK, topP, minP }: TruncationSettings): number {
  let count = topK > 0 ? Math.min(topK, ranked.length) : ranked.length;
  if (topP < 1) {
    const weights = Array.from(ranked.subarray(0, count), (logit) => weightOf(logit, row));
    count = ranksHolding(topP * (1 - SUM_ERROR) * (topK > 0 ? sumOf(weights) : row.sum), weights);
  }
  while (count > 1 && weightOf(ranked[count - 1] as number, row) < minP) count--;
  return count;
}

/** Every token that may be kept, ascending, and some that may not. */
function candidatesOf(row: LogitRow, { topK, topP, minP }: TruncationSettings): number[] {
  if (topK > 0) return tokensFrom(nthGreatest(row.maximaB, topK), row);
  if (topP >= 1) return tokensFrom(row.greatest - row.temperature * (1e-3 - Math.log(minP)), row);
  for (let depth = 4; ; depth *= 2) {
    const tokens = tokensFrom(row.greatest - row.temperature * depth, row);
    const mass = sumOf(tokens.map((token) => weightOf(row.logits[token] as number, row)));
    if (tokens.length === row.logits.length || mass >= topP * (1 - SUM_ERROR) * row.sum) return tokens;
  }
}

/** Tokens whose logit is at least `threshold`. */
function tokensFrom(threshold: number, { logits, maximaB }: LogitRow): number[] {
  const tokens: number[] = [];
  for (let block = 0; block < maximaB.length; block++) {
    if ((maximaB[block] as number) < threshold) continue;
    const end = Math.min(logits.length, (block + 1) * BLOCK);
    for (let token = block * BLOCK; token < end; token++)
      if ((logits[token] as number) >= threshold) tokens.push(token);
  }
  return tokens;
}

/** The n-th greatest value; −∞ when there are not so many. As many tokens at least are no less than that of maxima. */
function nthGreatest(values: Float32Array, n: number): number {
  if (n > values.length) return -Infinity;
  const greatest = new Float32Array(n).fill(-Infinity); // Descending.
  for (const value of values) {
    if (value <= (greatest[n - 1] as number)) continue;
    let place = n - 1;
    for (; place > 0 && (greatest[place - 1] as number) < value; place--)
      greatest[place] = greatest[place - 1] as number;
    greatest[place] = value;
  }
  return greatest[n - 1] as number;
}

/** How far a row's sum may be off, as a share of it. */
const SUM_ERROR = 1e-6;

/** How many of the first weights hold `wanted`. */
function ranksHolding(wanted: number, weights: readonly number[]): number {
  let reached = 0;
  for (const [rank, weight] of weights.entries()) {
    reached += weight;
    if (reached >= wanted) return rank + 1;
  }
  return weights.length;
}

function weightOf(logit: number, { greatest, temperature }: LogitRow): number {
  return Math.exp((logit - greatest) / temperature);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
