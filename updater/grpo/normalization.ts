import type { GrpoConfig } from "../config.ts";

/**
 * What each completion's summed loss is multiplied by. Fixed before the first micro-batch, so that packing does not
 * change the gradient.
 *
 * - `perToken`: 1 / loss tokens of the batch (arXiv:2503.14476)
 * - `perSequence`: 1 / (its loss tokens · completions) (arXiv:2402.03300)
 * - `constant`: 1 / (constant · completions) (arXiv:2503.20783)
 *
 * @param lossTokens - of each completion of the optimizer batch; 0 for one that is masked, which then does not count
 */
export function lossScales(
  lossTokens: readonly number[],
  { normalization, constant }: Pick<GrpoConfig, "normalization" | "constant">,
): number[] {
  const total = lossTokens.reduce((sum, tokens) => sum + tokens, 0);
  const completions = lossTokens.filter((tokens) => tokens > 0).length;
  return lossTokens.map((tokens) => (tokens === 0 ? 0 : 1 / divisor(tokens)));

  function divisor(tokens: number): number {
    switch (normalization) {
      case "perToken":
        return total;
      case "perSequence":
        return tokens * completions;
      case "constant":
        return constant * completions;
    }
  }
}
