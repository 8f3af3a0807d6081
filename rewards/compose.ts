/**
 * A reward that is a weighted sum of others.
 *
 * @module
 */
import type { Component, CustomComponent, RewardConfig } from "./config.ts";
import { createReward } from "./swe-rl.ts";
import type { RewardComponent, ScoreInput, Verdict } from "./verdict.ts";

/** A number, or one with a sentence on how it came about. */
export type CustomScore = number | { readonly reward: number; readonly explanation?: string };

/** A reward of the user's own. */
export type CustomReward = (input: ScoreInput) => CustomScore | Promise<CustomScore>;

/**
 * Scores one reply with every component of a configuration. Without components it is SWE-RL's reward alone.
 *
 * The mistake, the files and `exact` are those of the first component that is SWE-RL's; without one there is no mistake
 * and nothing is called exact. A value that is not finite or out of its component's range is never part of a sum.
 *
 * @param load - gives the reward of a component that is not SWE-RL's
 * @throws {RangeError} naming the component; and what `load` and the rewards throw
 */
export async function scoreComposed(
  config: RewardConfig,
  input: ScoreInput,
  load: (part: CustomComponent) => Promise<CustomReward>,
): Promise<Verdict> {
  const { components: parts } = config;
  if (parts.length === 0) return createReward(config)(input);
  let paper: Verdict | null = null;
  const components: RewardComponent[] = [];
  const notes: { name: string; text: string }[] = [];
  for (const part of parts) {
    let score: unknown;
    if (part.kind === "swe-rl") {
      const verdict = createReward(Object.assign({}, config, part.options))(input);
      paper ??= verdict;
      score = verdict.reward;
    } else {
      score = await (await load(part))(input);
    }
    const { reward: value, explanation } = takeApart(score);
    components.push({ name: part.name, value: checked(part, value), weight: part.weight });
    if (typeof explanation === "string") notes.push({ name: part.name, text: explanation });
  }
  return {
    // Weights that add up to 1 may by rounding give a little more.
    reward: Math.max(-1, Math.min(1, sumOf(components))),
    exact: paper?.exact ?? false,
    errorClass: paper?.errorClass ?? "",
    scorer: parts.map((part) => (part.kind === "swe-rl" ? paper?.scorer : part.name)).join("+"),
    components,
    explanation: { ...(paper?.explanation ?? { mistake: null, files: [] }), notes },
  };
}

/** What a module gave may be anything. */
function takeApart(score: unknown): { reward?: unknown; explanation?: unknown } {
  return typeof score === "object" && score !== null ? score : { reward: score };
}

function sumOf(components: readonly RewardComponent[]): number {
  return components.reduce((sum, { value, weight }) => sum + value * weight, 0);
}

function checked(part: Component, value: unknown): number {
  const [least, most] = part.kind === "swe-rl" ? [-1, 1] : part.range;
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new RangeError(`the reward ${part.name} gave ${String(value)}, which is not in [${least}, ${most}]`);
}
