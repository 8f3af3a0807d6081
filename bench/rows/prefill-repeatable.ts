/**
 * What it costs in the speed of prompts that a seed gives the same tokens alone and in a full batch: `model.exact`, over float32
 * weights, against the default, which has cells of half the size.
 *
 * @module
 */
import { medianRatio } from "../../core/index.ts";
import { type Engine, generateAtOnce, openEngine, randomTokens } from "../../llama/index.ts";
import { BENCH_SHAPE, benchModel } from "../gradient-model.ts";
import type { Bench } from "../row.ts";

const PROMPT_TOKENS = 1_000;
const PAIRS = 7;

/** Row `prefill-repeatable`. */
export const prefillRepeatableBench: Bench = {
  name: "prefill-repeatable",
  async measure() {
    await using exact = await openFor(true);
    await using usual = await openFor(false);
    const ratio = await medianRatio({ ours: prefills(exact), theirs: prefills(usual) }, PAIRS);
    return [
      {
        id: "prefill-repeatable",
        what: `a prompt of ${PROMPT_TOKENS} tokens with model.exact, under which a seed gives the same tokens alone and in a full batch, against the default, one thread, 8 layers × 512, float32; median of ${PAIRS} pairs`,
        value: ratio,
        unit: "×",
      },
    ];
  },
};

async function openFor(exact: boolean): Promise<Engine> {
  return openEngine({
    ...{ gguf: await benchModel(), device: "cpu", slots: 1, threads: 1, template: "raw", exact },
    contextTokens: PROMPT_TOKENS + 8,
  });
}

/** Each time another prompt of the same length; resolves to its milliseconds. */
function prefills(engine: Engine): () => Promise<number> {
  let turn = 0;
  return async () => {
    const prompt = randomTokens(`prompt ${turn}`, BENCH_SHAPE.vocabulary, PROMPT_TOKENS);
    return (await generateAtOnce(engine, prompt, 1, 1, turn++)).prefillMs;
  };
}
