/**
 * What it costs in the speed of prompts that a seed gives the same tokens alone and in a full batch: repacked weights, under
 * which it does not, have faster kernels.
 *
 * @module
 */
import { medianRatio } from "../../core/index.ts";
import { DecodingConfig, type Engine, generateAtOnce, openEngine, randomTokens } from "../../llama/index.ts";
import { largeModel } from "../cached-model.ts";
import type { Bench } from "../row.ts";

const PROMPT_TOKENS = 1_000;
const PAIRS = 7;
const VOCABULARY = 128_256;

/** Row `prefill-repeatable`. */
export const prefillRepeatableBench: Bench = {
  name: "prefill-repeatable",
  async measure() {
    const gguf = await largeModel();
    await using repeatable = await openFor(gguf, false);
    await using repacked = await openFor(gguf, true);
    const ratio = await medianRatio({ ours: prefills(repeatable), theirs: prefills(repacked) }, PAIRS);
    return [
      {
        id: "prefill-repeatable",
        what: `a prompt of ${PROMPT_TOKENS} tokens by the default settings, under which a seed gives the same tokens in any batch, against repacked weights, one thread, 8 layers × 512, Q8_0`,
        value: ratio,
        unit: "×",
      },
    ];
  },
};

function openFor(gguf: string, repacked: boolean): Promise<Engine> {
  return openEngine({
    ...{ gguf, device: "cpu", slots: 1, threads: 1, template: "raw", exact: false },
    contextTokens: PROMPT_TOKENS + 8,
    decoding: DecodingConfig.parse({ repacked }),
  });
}

/** Each time another prompt of the same length; resolves to its milliseconds. */
function prefills(engine: Engine): () => Promise<number> {
  let turn = 0;
  return async () => {
    const prompt = randomTokens(`prompt ${turn}`, VOCABULARY, PROMPT_TOKENS);
    return (await generateAtOnce(engine, prompt, 1, 1, turn++)).prefillMs;
  };
}
