/**
 * node-llama-cpp's own API in a process of its own: sequences that generate at once, each token with its probability.
 * Arguments: model, sequences, threads, prompt tokens, tokens. Answers each message with the milliseconds.
 *
 * @module
 */
import { getLlama, LlamaLogLevel, type Token } from "node-llama-cpp";

const [gguf = "", ...sizes] = process.argv.slice(2);
const [count = 0, threads = 0, promptTokens = 0, tokens = 0] = sizes.map(Number);

const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: gguf, gpuLayers: 0 });
const context = await model.createContext({
  sequences: count,
  contextSize: promptTokens + tokens + 8,
  batchSize: 512,
  threads,
  flashAttention: false,
});
const sequences = Array.from({ length: count }, () => context.getSequence());
const prompt = Array.from({ length: promptTokens }, (_, index) => (1 + ((index * 7) % 250)) as Token);

process.on("message", async () => process.send?.(await run()));
process.send?.("ready");

async function run(): Promise<number> {
  for (const sequence of sequences) {
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1));
  }
  const from = performance.now();
  await Promise.all(sequences.map((sequence, seed) => generate(sequence, seed)));
  return performance.now() - from;
}

async function generate(sequence: (typeof sequences)[number], seed: number): Promise<void> {
  const options = { temperature: 1, topK: 0, topP: 1, seed: 1 + seed };
  let generated = 0;
  const all = sequence.evaluateWithMetadata(prompt.slice(-1), { confidence: true }, options);
  for await (const { confidence } of all) {
    if (!(confidence > 0)) throw new Error(`a token with the probability ${confidence}`);
    if (++generated === tokens) return;
  }
}
