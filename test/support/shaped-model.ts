/**
 * A random Llama of any shape, also of those that a fresh model does not have: heads of another size than embedding /
 * heads, norms other than one, RoPE factors.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { bytesOf, type ExpectedTensor, expectedTensors, type ModelShape } from "../../llama/gguf/index.ts";
import { type MetadataValue, openGguf, writeGguf } from "../../llama/index.ts";
import { createDraws } from "./text-pairs.ts";
import { writeTinyModel } from "./tiny-model.ts";

/** What a test chooses about its model. */
export interface ShapedModel
  extends Pick<
    ModelShape,
    "layers" | "embedding" | "heads" | "kvHeads" | "headSize" | "feedForward" | "ropeBase"
  > {
  readonly isTied: boolean;
  /** One for each pair of a head's dimensions; null leaves `rope_freqs.weight` out. */
  readonly ropeFactors: Float32Array | null;
  /** As a tiny model's; 272 when left out. */
  readonly vocabulary?: number;
}

const CONTEXT_TOKENS = 512;
const NORM_EPSILON = 1e-5;

/** Writes it as a float32 GGUF, with the tokens of a tiny model. Equal arguments give equal files. */
export async function writeShapedModel(path: string, model: ShapedModel): Promise<void> {
  const { vocabulary = 272 } = model;
  const tiny = `${path}.tiny`;
  await writeTinyModel(tiny, { vocabulary, contextTokens: CONTEXT_TOKENS, normEpsilon: NORM_EPSILON });
  await using file = await openGguf(tiny);
  const shape: ModelShape = {
    ...model,
    normEpsilon: NORM_EPSILON,
    ropeDimensions: model.headSize,
    ropeScale: 1,
    contextLength: CONTEXT_TOKENS,
  };
  const absent = [
    ...(model.isTied ? ["output.weight"] : []),
    ...(model.ropeFactors ? [] : ["rope_freqs.weight"]),
  ];
  const tensors = expectedTensors(shape, vocabulary).filter(({ name }) => !absent.includes(name));
  await writeGguf(
    path,
    new Map([...file.metadata, ...shapePairs(model)]),
    tensors.map((tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      type: "F32",
      chunks: () => [bytesOf(valuesOf(tensor, model.ropeFactors))],
    })),
  );
  await rm(tiny);
}

/**
 * The factors with which Llama 3.1 stretches its slow rotations eightfold, for a model that was made for `original` tokens.
 *
 * @see https://github.com/meta-llama/llama-models (`apply_scaling`)
 */
export function llama3Factors(headSize: number, ropeBase: number, original: number): Float32Array {
  const [scale, low, high] = [8, 1, 4];
  return Float32Array.from({ length: headSize / 2 }, (_, pair) => {
    const turns = original / (2 * Math.PI * ropeBase ** ((2 * pair) / headSize));
    const smooth = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / ((1 - smooth) / scale + smooth);
  });
}

/** Numbers uniform in `middle` ± `size` that depend on `name` alone. */
export function uniformNumbers(length: number, size: number, name: string, middle = 0): Float32Array {
  const draws = createDraws(name);
  return Float32Array.from({ length }, () => middle + size * (draws.below(2 ** 24) / 2 ** 23 - 1));
}

/** Matrices keep the variance of what they multiply; norms are about one. */
function valuesOf(
  { name, shape: [columns = 1, rows] }: ExpectedTensor,
  ropeFactors: Float32Array | null,
): Float32Array {
  if (name === "rope_freqs.weight" && ropeFactors) return ropeFactors;
  if (rows === undefined) return uniformNumbers(columns, 0.3, name, 1);
  return uniformNumbers(rows * columns, Math.sqrt(3 / columns), name);
}

function shapePairs(model: ShapedModel): [string, MetadataValue][] {
  const sizes: readonly [string, number][] = [
    ["block_count", model.layers],
    ["embedding_length", model.embedding],
    ["feed_forward_length", model.feedForward],
    ["attention.head_count", model.heads],
    ["attention.head_count_kv", model.kvHeads],
    ["attention.key_length", model.headSize],
    ["attention.value_length", model.headSize],
    ["rope.dimension_count", model.headSize],
  ];
  return [
    ...sizes.map(([key, value]): [string, MetadataValue] => [`llama.${key}`, { kind: "uint32", value }]),
    ["llama.rope.freq_base", { kind: "float32", value: model.ropeBase }],
  ];
}
