import { type EngineCompletion, generateGroup, openEngine, randomTokens } from "../../llama/index.ts";
import type { ModelUse } from "./examine-model.ts";
import type { Finding } from "./finding.ts";

const PROMPT_TOKENS = 256;
const NEW_TOKENS = 64;
/** How many of a full batch's completions are generated again, alone. */
const ALONE = 2;

/**
 * Loads a model as a worker does and generates: how fast it is in full slots, and whether a seed gives the same tokens
 * alone as beside others.
 *
 * @throws {MeasuringError} when a completion fails; {@link openEngine} says what else can
 */
export async function tryModel(use: ModelUse): Promise<Finding[]> {
  await using engine = await openEngine({ ...use, template: "raw" }, "the trial of the model");
  const room = Math.floor(use.contextTokens / 2);
  const prompt = randomTokens("fleet doctor", engine.model.vocabulary, Math.min(PROMPT_TOKENS, room));
  const newTokens = Math.min(NEW_TOKENS, room);
  const seeds = Array.from({ length: use.slots }, (_, index) => `fleet doctor/${index}`);
  const first = seeds.slice(0, 1);
  await generateGroup(engine, prompt, first, 1); // What is slow the first time.
  const from = performance.now();
  const together = await generateGroup(engine, prompt, seeds, newTokens);
  const seconds = (performance.now() - from) / 1_000;
  const prefillSeconds = (together[0]?.timings.prefillMs ?? 0) / 1_000;
  const sampled = together.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const alone: EngineCompletion[] = [];
  for (const seed of seeds.slice(0, ALONE))
    alone.push(...(await generateGroup(engine, prompt, [seed], newTokens)));
  const pace = `${(sampled / (seconds - prefillSeconds)).toFixed(0)} tokens/s in ${use.slots} slots, prompts at ${(prompt.length / prefillSeconds).toFixed(0)} tokens/s, on ${engine.device}`;
  return [
    { what: "speed", works: true, detail: pace },
    { what: "repeating", works: true, detail: describeGap(together, alone) },
  ];
}

/** How far the same seeds, the first of those together, come apart: the largest difference of a log-probability up to the first other token. */
function describeGap(together: readonly EngineCompletion[], alone: readonly EngineCompletion[]): string {
  let gap = 0;
  let same = 0;
  for (const [seed, again] of alone.entries()) {
    const first = together[seed];
    const other = again.tokens.findIndex((token, index) => token !== first?.tokens[index]);
    if (other < 0) same += 1;
    const compared = again.logp.subarray(0, other < 0 ? again.logp.length : other);
    for (const [index, logp] of compared.entries())
      gap = Math.max(gap, Math.abs(logp - (first?.logp[index] ?? 0)));
  }
  return `${same} of ${alone.length} seeds give the same tokens alone as beside ${together.length - 1} others; their log-probabilities differ by ${gap.toExponential(1)} at most`;
}
