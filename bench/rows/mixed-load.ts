/**
 * The decoding engine under a load as training brings it, prompts of all lengths and completions that join and leave, against
 * `llama_decode` alone for the same prompts and steps.
 *
 * @module
 */
import { createRandom, median, randomKey } from "../../core/index.ts";
import { type Engine, openEngine } from "../../llama/index.ts";
import { largeModel } from "../cached-model.ts";
import { type MixedGroup, openMixedAlone } from "../mixed-alone.ts";
import type { Bench } from "../row.ts";

const GROUPS = 8;
const SAMPLES = 4;
const PROMPT = { least: 100, most: 4_000 };
const COMPLETION = { least: 20, most: 120 };
const PAIRS = 3;
const CONTEXT = { slots: 8, contextTokens: PROMPT.most + COMPLETION.most, threads: 1 };

/** Row `mixed-load`. */
export const mixedLoadBench: Bench = {
  name: "mixed-load",
  async measure() {
    const gguf = await largeModel();
    await using engine = await openEngine({ gguf, device: "cpu", template: "raw", exact: false, ...CONTEXT });
    using alone = openMixedAlone({ gguf, ...CONTEXT });
    const ratios: number[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const { ms, groups } = await runEngine(engine, pair);
      ratios.push(alone.run(groups) / ms);
    }
    return [
      {
        id: "mixed-load",
        what: `${GROUPS} groups of ${SAMPLES}, prompts of ${PROMPT.least} to ${PROMPT.most} tokens, completions of at most ${COMPLETION.least} to ${COMPLETION.most}, in ${CONTEXT.slots} slots, one thread, 128,256 tokens: the time that llama_decode alone takes for the same prompts, in whole batches, and the same steps, as a share of the engine's; median of ${PAIRS} pairs`,
        value: median(ratios),
        unit: "×",
        atLeast: 0.85,
      },
    ];
  },
};

/** Gives all groups at once; returns the milliseconds until the last completion, and how long each became. */
async function runEngine(engine: Engine, turn: number): Promise<{ ms: number; groups: MixedGroup[] }> {
  const next = createRandom(`mixed load ${turn}`);
  const between = ({ least, most }: { least: number; most: number }) =>
    least + Math.floor(next() * (most - least + 1));
  const failures: string[] = [];
  const from = performance.now();
  const groups = Array.from({ length: GROUPS }, (_, index) => {
    const prompt = Int32Array.from({ length: between(PROMPT) }, () => 1 + Math.floor(next() * 250));
    const lengths: number[] = [];
    const samples = Array.from({ length: SAMPLES }, (_, sample) => ({
      sample,
      key: randomKey(`mixed/${turn}/${index}/${sample}`),
    }));
    const sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, maxTokens: between(COMPLETION), stop: [] };
    const { done } = engine.generate(
      { task: `mixed-${turn}-${index}`, prompt, samples, sampling },
      {
        finished: ({ sample, tokens }) => {
          lengths[sample] = tokens.length;
        },
        failed: (sample, { message }) => void failures.push(`sample ${sample}: ${message}`),
      },
    );
    return { prompt, lengths, done };
  });
  await Promise.all(groups.map(({ done }) => done));
  if (failures.length > 0) throw new Error(failures[0]);
  return { ms: performance.now() - from, groups };
}
