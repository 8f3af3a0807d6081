import { UnsupportedModelError } from "./errors.ts";
import { type Metadata, numberOf, textOf } from "./metadata.ts";

/** Dimensions and constants of a dense Llama. */
export interface ModelShape {
  readonly layers: number;
  readonly embedding: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly feedForward: number;
  /** Epsilon of the root-mean-square norms. */
  readonly normEpsilon: number;
  /** Elements of a head that are rotated: all of them. */
  readonly ropeDimensions: number;
  readonly ropeBase: number;
  /** Factor on positions: 1 / the linear scaling factor. */
  readonly ropeScale: number;
  /** Tokens of context that the model was made for. */
  readonly contextLength: number;
}

/**
 * The shape that a GGUF's metadata state, with llama.cpp's defaults.
 *
 * @param name - stands for the file in errors
 * @throws {UnsupportedModelError} in one sentence: another architecture, a key missing, a variant that is not a dense Llama
 */
export function readShape(metadata: Metadata, name: string): ModelShape {
  requireLlama(metadata, name);
  const layers = requireSize(metadata, name, "block_count");
  const embedding = requireSize(metadata, name, "embedding_length");
  const heads = requireSize(metadata, name, "attention.head_count");
  const headSize = numberOf(metadata, "llama.attention.key_length") ?? embedding / heads;
  const shape: ModelShape = {
    layers,
    embedding,
    heads,
    kvHeads: has(metadata, "attention.head_count_kv")
      ? requireSize(metadata, name, "attention.head_count_kv")
      : heads,
    headSize,
    feedForward: requireSize(metadata, name, "feed_forward_length"),
    normEpsilon: requireNumber(metadata, name, "attention.layer_norm_rms_epsilon"),
    ropeDimensions: numberOf(metadata, "llama.rope.dimension_count") ?? headSize,
    ropeBase: has(metadata, "rope.freq_base") ? requireNumber(metadata, name, "rope.freq_base") : 10_000,
    ropeScale: readRopeScale(metadata, name),
    contextLength: requireSize(metadata, name, "context_length"),
  };
  requireDense(metadata, name);
  requireHeads(metadata, name, shape);
  return shape;
}

function requireLlama(metadata: Metadata, name: string): void {
  const architecture = textOf(metadata, "general.architecture");
  if (textOf(metadata, "general.type") === "adapter")
    throw new UnsupportedModelError(`${name} is an adapter; a model is needed here`);
  if (architecture !== "llama")
    throw new UnsupportedModelError(
      `${name} is a model of architecture "${architecture ?? "unknown"}"; only dense models of architecture "llama" are supported`,
    );
}

function requireDense(metadata: Metadata, name: string): void {
  const experts = numberOf(metadata, "llama.expert_count") ?? 0;
  if (experts > 0)
    throw new UnsupportedModelError(
      `${name} is a mixture of ${experts} experts; only dense models of architecture "llama" are supported`,
    );
}

function requireHeads(metadata: Metadata, name: string, shape: ModelShape): void {
  const { heads, kvHeads, headSize, ropeDimensions } = shape;
  const valueSize = numberOf(metadata, "llama.attention.value_length") ?? headSize;
  const fits = heads % kvHeads === 0 && Number.isInteger(headSize / 2) && headSize > 0;
  if (!fits || valueSize !== headSize || ropeDimensions !== headSize)
    throw new UnsupportedModelError(
      `${name} has ${heads} heads for ${kvHeads} of keys and values, with ${headSize} elements a key, ${valueSize} a value and ${ropeDimensions} rotated: heads must be a multiple, and the sizes one even number`,
    );
}

function readRopeScale(metadata: Metadata, name: string): number {
  const type = textOf(metadata, "llama.rope.scaling.type") ?? "linear";
  const attention = numberOf(metadata, "llama.rope.scaling.attn_factor") ?? 1;
  if (type === "none" && attention === 1) return 1;
  if (type !== "linear" || attention !== 1)
    throw new UnsupportedModelError(
      `${name} scales its positions by "${type}"; "none", "linear" and RoPE factors are supported`,
    );
  const factor =
    numberOf(metadata, "llama.rope.scaling.factor") ?? numberOf(metadata, "llama.rope.scale_linear") ?? 0;
  if (factor < 0 || !Number.isFinite(factor))
    throw new UnsupportedModelError(`${name} cannot be used: its positions are scaled by ${factor}`);
  return factor === 0 ? 1 : 1 / factor;
}

function has(metadata: Metadata, key: string): boolean {
  return metadata.has(`llama.${key}`);
}

function requireNumber(metadata: Metadata, name: string, key: string): number {
  const value = numberOf(metadata, `llama.${key}`);
  if (value !== undefined && Number.isFinite(value)) return value;
  const what = metadata.get(`llama.${key}`)?.kind === "array" ? "one number for all layers" : "a number";
  throw new UnsupportedModelError(`${name} cannot be used: its metadata "llama.${key}" must be ${what}`);
}

function requireSize(metadata: Metadata, name: string, key: string): number {
  const value = requireNumber(metadata, name, key);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UnsupportedModelError(`${name} cannot be used: its metadata "llama.${key}" is ${value}`);
}
