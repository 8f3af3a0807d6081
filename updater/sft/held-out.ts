import type { GradientEngine } from "../../llama/index.ts";
import { packSequences } from "../pack.ts";
import { type Example, packedExample } from "./examples.ts";

/** Mean negative log-likelihood of the completions' tokens under the engine's present parameters, in nats. */
export async function meanNll(
  engine: Pick<GradientEngine, "forward">,
  examples: readonly Example[],
  tokenBudget: number,
): Promise<number> {
  let nll = 0;
  let tokens = 0;
  for (const batch of packSequences(examples.map(packedExample), tokenBudget)) {
    const sequences = batch.flatMap((index) => {
      const example = examples[index];
      return example ? [{ tokens: example.tokens, from: Math.max(1, example.completionFrom) }] : [];
    });
    const { logpT } = await engine.forward({ temperature: 1, sequences }, "trained");
    for (const logp of logpT) nll -= logp;
    tokens += logpT.length;
  }
  return nll / tokens;
}
