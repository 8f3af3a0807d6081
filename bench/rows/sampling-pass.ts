/**
 * One sampling pass over a row of logits: the kernel against the same in plain JavaScript.
 *
 * @module
 */
import { createRandom, medianRatio } from "../../core/index.ts";
import { createSampler } from "../../llama/decoding/sampler.ts";
import { timed } from "../pairs.ts";
import { createPlainPass } from "../plain-sampling.ts";
import type { Bench } from "../row.ts";

const VOCABULARY = 128_256;
const TOP_K = 50;
const PASSES = 20;
const PAIRS = 15;

/** Row `sampling-pass`. */
export const samplingPassBench: Bench = {
  name: "sampling-pass",
  async measure() {
    const next = createRandom("sampling pass");
    const rows = Array.from({ length: 8 }, () =>
      Float32Array.from({ length: VOCABULARY }, () => 6 * (next() + next() + next() - 1.5)),
    );
    const draws = Array.from({ length: PASSES }, next);
    const sampler = createSampler(VOCABULARY);
    const plain = createPlainPass(VOCABULARY, TOP_K);
    const settings = { temperature: 1, topK: TOP_K, topP: 1, minP: 0, maxTokens: 1, stop: [] };
    const over = (pass: (logits: Float32Array, draw: number) => unknown) => () =>
      timed(() => {
        for (const [index, draw] of draws.entries()) pass(rows[index % rows.length] as Float32Array, draw);
      });
    const pair = {
      ours: over((logits, draw) => sampler.choose(logits, settings, draw)),
      theirs: over((logits, draw) => plain(logits, 1, draw)),
    };
    await medianRatio(pair, 3); // Until both are compiled.
    return [
      {
        id: "sampling-pass",
        what: `log-softmax, entropy, top-${TOP_K} and draw over ${VOCABULARY.toLocaleString("en")} logits, copy included, against plain JavaScript`,
        value: await medianRatio(pair, PAIRS),
        unit: "×",
        atLeast: 8,
      },
    ];
  },
};
