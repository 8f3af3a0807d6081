/**
 * The decoding engine against `llama_decode` alone at the fastest of its settings, on a model with a real-size
 * vocabulary: what is left of llama.cpp's speed when every token is sampled, with log-probability and entropy.
 *
 * @module
 */
import { medianRatio } from "../../core/index.ts";
import {
  type DecodeAlone,
  DecodingConfig,
  describeSettings,
  fastestDecoding,
  generateAtOnce,
  openDecodeAlone,
  openEngine,
} from "../../llama/index.ts";
import { largeModel } from "../cached-model.ts";
import type { Bench, Row } from "../row.ts";

const PROMPT = Int32Array.from({ length: 500 }, (_, index) => 1 + ((index * 7) % 250));
const STEPS = 24;
const PAIRS = 5;
const LOADS = [8, 32].flatMap((sequences) => [1, 2].map((threads) => ({ sequences, threads })));

/** Rows `sampling-SEQUENCES-THREADS`, and `sampling-default-…`, where the engine is told nothing. */
export const samplingBench: Bench = {
  name: "sampling",
  async measure() {
    const gguf = await largeModel();
    const rows: Row[] = [];
    for (const load of LOADS) rows.push(...(await measureAt({ gguf, ...load })));
    return rows;
  },
};

interface SamplingLoad {
  readonly gguf: string;
  readonly sequences: number;
  readonly threads: number;
}

async function measureAt(load: SamplingLoad): Promise<Row[]> {
  const { gguf, sequences, threads } = load;
  await using alone = await openDecodeAlone({
    ...{ gguf, device: "cpu", sequences, threads },
    ...{ prompt: PROMPT, steps: STEPS },
  });
  const [fastest] = alone.tried;
  const what = `sampled tokens/s with log-probability and entropy against llama_decode alone (${fastest && describeSettings(fastest)}), ${sequences} sequences, ${threads} thread${threads > 1 ? "s" : ""}, 128,256 tokens`;
  const told = fastestDecoding(alone.tried);
  const { flashAttention, cells, repacked } = told;
  return [
    {
      id: `sampling-${sequences}-${threads}`,
      what: `${what}; the engine is told { flashAttention: ${flashAttention}, cells: ${cells}, repacked: ${repacked} }`,
      value: await ratioOf(load, alone, told),
      unit: "×",
      atLeast: 0.85,
    },
    {
      id: `sampling-default-${sequences}-${threads}`,
      what: `${what}; the engine is told nothing`,
      value: await ratioOf(load, alone, DecodingConfig.parse({})),
      unit: "×",
    },
  ];
}

async function ratioOf(
  { gguf, sequences, threads }: SamplingLoad,
  alone: DecodeAlone,
  decoding: DecodingConfig,
): Promise<number> {
  await using engine = await openEngine({
    ...{ gguf, device: "cpu", slots: sequences, threads, template: "raw", exact: false, decoding },
    contextTokens: PROMPT.length + STEPS + 1,
  });
  let turn = 0;
  const ours = async () => (await generateAtOnce(engine, PROMPT, sequences, STEPS, turn++)).decodeMs;
  return await medianRatio({ ours, theirs: () => alone.run() }, PAIRS); // The engine is there until then.
}
