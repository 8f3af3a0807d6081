/**
 * What it costs in speed that a seed gives the same tokens alone and in a full batch: `model.exact`, over float32
 * weights, against the default, which has cells of half the size, one stretch for all.
 *
 * @module
 */
import { medianRatio } from "../../core/index.ts";
import { type Engine, generateAtOnce, openEngine, randomTokens } from "../../llama/index.ts";
import { BENCH_SHAPE, benchModel } from "../gradient-model.ts";
import type { Bench } from "../row.ts";

const PROMPT_TOKENS = 1_000;
const PAIRS = 7;
const SLOTS = 8;
const NEW_TOKENS = 100;

/** Rows `prefill-repeatable` and `decoding-repeatable`. */
export const repeatableBench: Bench = {
  name: "repeatable",
  async measure() {
    await using exact = await openFor(true);
    await using usual = await openFor(false);
    const prefill = await medianRatio({ ours: prefills(exact), theirs: prefills(usual) }, PAIRS);
    const decoding = await medianRatio({ ours: decodes(exact), theirs: decodes(usual) }, PAIRS);
    return [
      {
        id: "prefill-repeatable",
        what: `a prompt of ${PROMPT_TOKENS} tokens with model.exact, under which a seed gives the same tokens alone and in a full batch, against the default, one thread, 8 layers × 512, float32; median of ${PAIRS} pairs`,
        value: prefill,
        unit: "×",
      },
      {
        id: "decoding-repeatable",
        what: `the same for ${SLOTS} sequences that sample ${NEW_TOKENS} tokens each after ${PROMPT_TOKENS} shared ones; median of ${PAIRS} pairs`,
        value: decoding,
        unit: "×",
      },
    ];
  },
};

async function openFor(exact: boolean): Promise<Engine> {
  return openEngine({
    ...{ gguf: await benchModel(), device: "cpu", slots: SLOTS, threads: 1, template: "raw", exact },
    contextTokens: PROMPT_TOKENS + NEW_TOKENS + 1,
  });
}

/** Milliseconds of a prompt's evaluation, each time another one. */
function prefills(engine: Engine): () => Promise<number> {
  return times(engine, { sequences: 1, newTokens: 1 }, "prefillMs");
}

/** Milliseconds of full slots' completions after their prompt, each time another one. */
function decodes(engine: Engine): () => Promise<number> {
  return times(engine, { sequences: SLOTS, newTokens: NEW_TOKENS }, "decodeMs");
}

function times(
  engine: Engine,
  { sequences, newTokens }: { readonly sequences: number; readonly newTokens: number },
  of: "prefillMs" | "decodeMs",
): () => Promise<number> {
  let turn = 0;
  return async () => {
    const prompt = randomTokens(`prompt ${turn}`, BENCH_SHAPE.vocabulary, PROMPT_TOKENS);
    return (await generateAtOnce(engine, prompt, sequences, newTokens, turn++))[of];
  };
}
