/**
 * The reference gradients of `test/fixtures/gradients/`, and how ours are compared with them.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type {
  GradientEngine,
  GradientOptions,
  MicroBatch,
  Parameter,
  Projection,
  TrainingSequence,
} from "../../llama/index.ts";
import { openGradientEngine, PROJECTIONS } from "../../llama/index.ts";

const FOLDER = new URL("../fixtures/gradients/", import.meta.url);

/** Gradients with respect to all weights of a model. */
export interface WeightReference {
  readonly gguf: string;
  readonly batch: MicroBatch;
  readonly coefficientsT: Float32Array;
  readonly logpT: Float32Array;
  readonly entropyT: Float32Array;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Gradients with respect to a LoRA. */
export interface LoraReference {
  readonly gguf: string;
  readonly batch: MicroBatch;
  readonly trainable: Extract<GradientOptions["trainable"], { kind: "lora" }>;
  readonly parameters: readonly Parameter[];
  readonly trained: Float32Array;
  readonly reference: Float32Array;
  readonly scores: ReadonlyMap<string, { logpT: Float32Array; entropyT: Float32Array }>;
  readonly coefficientsT: Float32Array;
  readonly gradient: Float32Array;
}

/** Reads `weights.json`. */
export async function readWeightReferences(): Promise<WeightReference[]> {
  const entries = (await readJson("weights.json")) as StoredWeights[];
  return entries.map(({ model, temperature, sequences, coefficients, logp, entropy, gradients }) => ({
    gguf: pathOf(model),
    batch: { temperature, sequences: sequences.map(({ tokens, from }) => sequence(tokens, from)) },
    coefficientsT: floats(coefficients),
    logpT: floats(logp),
    entropyT: floats(entropy),
    gradients: new Map(Object.entries(gradients).map(([name, values]) => [name, floats(values)])),
  }));
}

/** Reads `grpo.json`, without the loss's options. */
export async function readLoraReference(): Promise<LoraReference> {
  const stored = (await readJson("grpo.json")) as StoredGrpo;
  const sequences = stored.groups.flatMap(({ prompt, samples }) =>
    samples.map(({ completion }) => sequence([...prompt, ...completion], prompt.length)),
  );
  return {
    gguf: pathOf(stored.model),
    batch: { temperature: stored.temperature, sequences },
    trainable: { kind: "lora", ...stored.lora },
    parameters: stored.parameters,
    trained: floats(stored.trained),
    reference: floats(stored.reference),
    scores: new Map(
      Object.entries(stored.scores).map(([name, { logp, entropy }]) => [
        name,
        { logpT: floats(logp), entropyT: floats(entropy) },
      ]),
    ),
    coefficientsT: floats(stored.weighted.coefficients),
    gradient: floats(stored.weighted.gradient),
  };
}

/** ‖ours − reference‖ / max(‖reference‖, 1e-6 · ‖all of the reference‖), the largest of all parameters. */
export function largestError(
  parameters: readonly Parameter[],
  ours: Float32Array,
  reference: Float32Array,
): number {
  const floor = 1e-6 * lengthOf(reference);
  let offset = 0;
  const errors = parameters.map(({ rows, columns }) => {
    const end = offset + rows * columns;
    const expected = reference.subarray(offset, end);
    const difference = ours.subarray(offset, end).map((value, index) => value - (expected[index] ?? 0));
    offset = end;
    return lengthOf(difference) / Math.max(lengthOf(expected), floor);
  });
  return Math.max(...errors);
}

/** The largest difference of two arrays' numbers. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce(
    (largest, value, index) => Math.max(largest, Math.abs(value - (b[index] ?? Number.NaN))),
    0,
  );
}

/** Of the angle between two gradients of the same length; NaN where one is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  const dot = a.reduce((sum, value, index) => sum + value * (b[index] ?? Number.NaN), 0);
  return dot / (lengthOf(a) * lengthOf(b));
}

/** The square root of the sum of squares. */
export function lengthOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** Opens an engine on the CPU that trains a LoRA on all projections; rank 4 unless the test says otherwise. */
export function openLoraEngine(gguf: string, rank = 4): Promise<GradientEngine> {
  const trainable = { kind: "lora", rank, alpha: 2 * rank, targets: PROJECTIONS } as const;
  return openGradientEngine({ gguf, device: "cpu", threads: 1, trainable });
}

/** Smooth numbers that look random enough: size · sin. */
export function wave(length: number, size: number, phase = 0): Float32Array {
  return Float32Array.from({ length }, (_, index) => size * Math.sin(1.7 * index + phase));
}

/** A sequence of token ids that follow no pattern a model could have learnt. */
export function someSequence(
  length: number,
  from: number,
  vocabulary: number,
  seed: number,
): TrainingSequence {
  const tokens = Array.from(
    { length },
    (_, index) => 1 + ((index * index * 31 + seed * 97 + index) % (vocabulary - 1)),
  );
  return sequence(tokens, from);
}

function sequence(tokens: readonly number[], from: number): TrainingSequence {
  return { tokens: Int32Array.from(tokens), from };
}

interface StoredWeights {
  readonly model: string;
  readonly temperature: number;
  readonly sequences: readonly { tokens: number[]; from: number }[];
  readonly coefficients: string;
  readonly logp: string;
  readonly entropy: string;
  readonly gradients: Readonly<Record<string, string>>;
}

interface StoredGrpo {
  readonly model: string;
  readonly temperature: number;
  readonly lora: { rank: number; alpha: number; targets: Projection[] };
  readonly parameters: Parameter[];
  readonly trained: string;
  readonly reference: string;
  readonly groups: readonly { prompt: number[]; samples: readonly { completion: number[] }[] }[];
  readonly scores: Readonly<Record<string, { logp: string; entropy: string }>>;
  readonly weighted: { coefficients: string; gradient: string };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, FOLDER));
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(pathOf(file), "utf8"));
}

function floats(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
}
