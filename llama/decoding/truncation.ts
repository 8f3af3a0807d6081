import type { SamplingSettings } from "./generation.ts";

type TruncationSettings = Pick<SamplingSettings, "topK" | "topP" | "minP">;

/** Whether the settings leave less than the whole vocabulary to choose from. At temperature 0 they change nothing. */
export function isTruncated({ temperature, topK, topP, minP }: SamplingSettings): boolean {
  return temperature > 0 && (topK > 0 || topP < 1 || minP > 0);
}

/**
 * Creates a function that sets the weights of excluded tokens to zero and returns the sum of the others. In this order:
 * the `topK` heaviest; of these the fewest heaviest that hold the share `topP` of their sum; of these the ones at least
 * `minP` times as heavy as the heaviest. Of equal weights the lower token id counts as heavier. One token always stays.
 */
export function createTruncation(
  vocabulary: number,
): (weights: Float64Array, settings: TruncationSettings) => number {
  const byWeight = new Uint32Array(vocabulary);
  const kept = new Uint8Array(vocabulary);
  return (weights, { topK, topP, minP }) => {
    for (let token = 0; token < vocabulary; token++) byWeight[token] = token;
    byWeight.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
    const weightAt = (rank: number) => weights[byWeight[rank] as number] as number;

    let count = topK > 0 ? Math.min(topK, vocabulary) : vocabulary;
    if (topP < 1) count = ranksHolding(topP, count, weightAt);
    while (count > 1 && weightAt(count - 1) < minP * weightAt(0)) count--;

    kept.fill(0);
    for (let rank = 0; rank < count; rank++) kept[byWeight[rank] as number] = 1;
    return clearOthers(weights, kept);
  };
}

/** How many of the first `count` ranks hold `share` of their sum. */
function ranksHolding(share: number, count: number, weightAt: (rank: number) => number): number {
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sum += weightAt(rank);
  let reached = 0;
  for (let rank = 0; rank < count; rank++) {
    reached += weightAt(rank);
    if (reached >= share * sum) return rank + 1;
  }
  return count;
}

function clearOthers(weights: Float64Array, kept: Uint8Array): number {
  let sum = 0;
  for (let token = 0; token < weights.length; token++) {
    if (kept[token] === 0) weights[token] = 0;
    else sum += weights[token] as number;
  }
  return sum;
}
