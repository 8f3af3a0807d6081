/**
 * The decoding engine against `llama_decode` alone at the fastest of its settings, on a model with a real-size
 * vocabulary: what is left of llama.cpp's speed when every token is sampled, with log-probability and entropy.
 *
 * @module
 */
import { medianRatio } from "../../core/index.ts";
import { describeSettings, generateAtOnce, openDecodeAlone, openEngine } from "../../llama/index.ts";
import { largeModel } from "../cached-model.ts";
import type { Bench, Row } from "../row.ts";

const PROMPT = Int32Array.from({ length: 500 }, (_, index) => 1 + ((index * 7) % 250));
const STEPS = 24;
const PAIRS = 5;
const LOADS = [8, 32].flatMap((sequences) => [1, 2].map((threads) => ({ sequences, threads })));

/** Rows `sampling-SEQUENCES-THREADS`. */
export const samplingBench: Bench = {
  name: "sampling",
  async measure() {
    const gguf = await largeModel();
    const rows: Row[] = [];
    for (const { sequences, threads } of LOADS) rows.push(await measureAt(gguf, sequences, threads));
    return rows;
  },
};

async function measureAt(gguf: string, sequences: number, threads: number): Promise<Row> {
  await using alone = await openDecodeAlone({
    ...{ gguf, device: "cpu", sequences, threads },
    ...{ prompt: PROMPT, steps: STEPS },
  });
  const [fastest] = alone.tried;
  await using engine = await openEngine({
    gguf,
    device: "cpu",
    slots: sequences,
    contextTokens: PROMPT.length + STEPS + 1,
    threads,
    template: "raw",
    exact: false,
  });
  let turn = 0;
  const pair = {
    ours: async () => (await generateAtOnce(engine, PROMPT, sequences, STEPS, turn++)).decodeMs,
    theirs: () => alone.run(),
  };
  return {
    id: `sampling-${sequences}-${threads}`,
    what: `sampled tokens/s with log-probability and entropy against llama_decode alone (${fastest && describeSettings(fastest)}), ${sequences} sequences, ${threads} thread${threads > 1 ? "s" : ""}, 128,256 tokens`,
    value: await medianRatio(pair, PAIRS),
    unit: "×",
    atLeast: 0.85,
  };
}
