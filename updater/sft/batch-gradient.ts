import type { GradientEngine } from "../../llama/index.ts";
import { packSequences } from "../pack.ts";
import type { SftPhase } from "./config.ts";
import { type Example, packedExample } from "./examples.ts";
import { firstPredicted, sftObjective, totalWeight } from "./objective.ts";

/** The gradient of a batch, and how likely its completions were. */
export interface BatchGradient {
  /** Flat, in the order of the engine's parameters. */
  readonly gradient: Float32Array;
  /** Mean negative log-likelihood of the completions' tokens before the step, in nats. */
  readonly nll: number;
  /** All tokens of the batch, padding left out. */
  readonly tokens: number;
}

/** Computes the gradient of the mean weighted negative log-likelihood of a batch. */
export async function batchGradient(
  engine: Pick<GradientEngine, "forward" | "backward" | "takeGradients">,
  examples: readonly Example[],
  { promptWeight, tokenBudget }: SftPhase,
): Promise<BatchGradient> {
  const total = totalWeight(examples, promptWeight);
  let nll = 0;
  let completionTokens = 0;
  for (const indexes of packSequences(examples.map(packedExample), tokenBudget)) {
    const part = indexes.flatMap((index) => examples[index] ?? []);
    const sequences = part.map((example) => ({
      tokens: example.tokens,
      from: firstPredicted(example, promptWeight),
    }));
    const { logpT } = await engine.forward({ temperature: 1, sequences }, "trained");
    const objective = sftObjective(part, logpT, promptWeight, total);
    await engine.backward(objective.coefficientsT);
    nll += objective.completionNll;
    completionTokens += objective.completionTokens;
  }
  const tokens = examples.reduce((sum, example) => sum + example.tokens.length, 0);
  return { gradient: await engine.takeGradients(), nll: nll / completionTokens, tokens };
}
