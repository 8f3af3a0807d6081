import { access, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../core/index.ts";
import {
  type GradientEngine,
  type MicroBatch,
  openGradientEngine,
  PROJECTIONS,
  type TrainingSequence,
} from "../llama/index.ts";
import { writeTinyModel } from "../test/support/tiny-model.ts";

const VOCABULARY = 4_096;

/** A random Llama of 8 layers × 512 in float32, made once. */
export async function benchModel(): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const folder = join(cache, "rollout-fleet", "bench");
  const path = join(folder, `llama-8x512-vocabulary-${VOCABULARY}-f32.gguf`);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  await mkdir(folder, { recursive: true });
  await writeTinyModel(path, {
    vocabulary: VOCABULARY,
    layers: 8,
    embedding: 512,
    heads: 8,
    kvHeads: 4,
    feedForward: 1_536,
    contextTokens: 32_768,
  });
  return path;
}

/** Words of that model's shape, for the rows' descriptions. */
export const BENCH_MODEL = `8 layers × 512, vocabulary ${VOCABULARY.toLocaleString("en")}, float32, LoRA of rank 16 on all projections`;

/** Opens that model with a LoRA of rank 16, one thread a lane. */
export async function openBenchGradient(
  options: { lanes?: number; keptBytes?: number } = {},
): Promise<GradientEngine> {
  const trainable = { kind: "lora", rank: 16, alpha: 32, targets: PROJECTIONS } as const;
  return openGradientEngine({ gguf: await benchModel(), device: "cpu", threads: 1, trainable, ...options });
}

/** A group of random texts that share a prompt. */
export function randomGroup(
  name: string,
  { prompt, completions, tokens }: { prompt: number; completions: number; tokens: number },
): TrainingSequence[] {
  const next = createRandom(name);
  const draw = (length: number) => Array.from({ length }, () => Math.floor(next() * VOCABULARY));
  const shared = draw(prompt);
  return Array.from({ length: completions }, () => ({
    tokens: Int32Array.from([...shared, ...draw(tokens)]),
    from: prompt,
  }));
}

/** Forward and backward of one micro-batch. @returns how many tokens went through the layers */
export async function forwardBackward(
  engine: GradientEngine,
  sequences: MicroBatch["sequences"],
  lane?: number,
  place?: number,
): Promise<number> {
  const { logpT, evaluatedTokens } = await engine.forward({ temperature: 1, sequences }, "trained", lane);
  await engine.backward(
    logpT.map((_, index) => Math.sin(index) / logpT.length),
    lane,
    place,
  );
  return evaluatedTokens;
}

/** Seconds that work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}
