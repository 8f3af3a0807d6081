/**
 * The decoding engine on the demo's model: sampled tokens a second, with log-probability and entropy of each.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { type Engine, generateGroup, openEngine } from "../../llama/index.ts";
import type { Bench, Row } from "../row.ts";

const MODEL = fileURLToPath(new URL("../../examples/demo/model/demo-q8_0.gguf", import.meta.url));
const PROMPT = "def f(a, b):\n    return a + b\n";
const TOKENS = 96;
const TURNS = 3;

/** Rows `decoding-8` and `decoding-32`: that many sequences at once. */
export const decodingBench: Bench = {
  name: "decoding",
  measure: async () => [await measureAt(8), await measureAt(32)],
};

async function measureAt(slots: number): Promise<Row> {
  await using engine = await openEngine({
    gguf: MODEL,
    device: "cpu",
    slots,
    contextTokens: 256,
    threads: 1,
    template: "raw",
    exact: false,
  });
  const prompt = await engine.tokenizePrompt([{ role: "user", content: PROMPT }]);
  let best = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    best = Math.max(best, await tokensPerSecond(engine, prompt, slots, turn));
  }
  return {
    id: `decoding-${slots}`,
    what: `sampled tokens with exact log-probabilities and entropy, demo model, ${slots} sequences, one thread`,
    value: best,
    unit: "tokens/s",
  };
}

async function tokensPerSecond(
  engine: Engine,
  prompt: Int32Array,
  count: number,
  turn: number,
): Promise<number> {
  const draws = Array.from({ length: count }, (_, sample) => `bench/${turn}/${sample}`);
  const start = performance.now();
  const completions = await generateGroup(engine, prompt, draws, TOKENS);
  const tokens = completions.reduce((sum, completion) => sum + completion.tokens.length, 0);
  return (1_000 * tokens) / (performance.now() - start);
}
