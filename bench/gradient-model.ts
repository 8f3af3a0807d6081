import {
  type GradientEngine,
  openGradientEngine,
  PROJECTIONS,
  randomGroup,
  type TrainingSequence,
} from "../llama/index.ts";
import { cachedModel } from "./cached-model.ts";

const VOCABULARY = 4_096;

/** Its shape; RoPE of base 10,000, norms with an epsilon of 1e-5. */
export const BENCH_SHAPE = {
  vocabulary: VOCABULARY,
  layers: 8,
  embedding: 512,
  heads: 8,
  kvHeads: 4,
  feedForward: 1_536,
} as const;

/** A random Llama of 8 layers × 512, written once. @returns its file */
export function benchModel(type: "F32" | "Q8_0" = "F32"): Promise<string> {
  return cachedModel(`llama-8x512-vocabulary-${VOCABULARY}-${type.toLowerCase()}`, {
    ...BENCH_SHAPE,
    type,
    contextTokens: 32_768,
  });
}

/** Words of that model's shape, for the rows' descriptions. */
export const BENCH_MODEL = `8 layers × 512, vocabulary ${VOCABULARY.toLocaleString("en")}, float32, LoRA of rank 16 on all projections`;

/** Opens that model with a LoRA of rank 16, one thread a lane. */
export async function openBenchGradient({
  type = "F32",
  ...options
}: {
  type?: "F32" | "Q8_0";
  lanes?: number;
  keptBytes?: number;
} = {}): Promise<GradientEngine> {
  const trainable = { kind: "lora", rank: 16, alpha: 32, targets: PROJECTIONS } as const;
  return openGradientEngine({
    gguf: await benchModel(type),
    device: "cpu",
    threads: 1,
    trainable,
    ...options,
  });
}

/** A group of random texts of that model that share a prompt. */
export function benchGroup(name: string, sizes: Parameters<typeof randomGroup>[2]): TrainingSequence[] {
  return randomGroup(name, VOCABULARY, sizes);
}

/** Seconds that work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}
