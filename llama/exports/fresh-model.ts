import { createRandom } from "../../core/index.ts";
import {
  bytesOf,
  type ExpectedTensor,
  expectedTensors,
  type MetadataValue,
  type StreamedTensor,
  writeGguf,
} from "../gguf/index.ts";
import { ExportError } from "./errors.ts";
import { tokenizerMetadata } from "./tokenizer-file.ts";

/** The dimensions of a new Llama. */
export interface FreshModel {
  /** `general.name`. */
  readonly name: string;
  readonly layers: number;
  /** Width of the residual stream; a multiple of `heads`, embedding / heads even. */
  readonly embedding: number;
  readonly heads: number;
  /** Heads of keys and values; divides `heads`. */
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly contextTokens: number;
  readonly ropeBase: number;
  readonly normEpsilon: number;
  /** Whether the embedding is the output head too. */
  readonly isTied: boolean;
}

const EMBEDDING_DEVIATION = 0.02;

/**
 * Writes a Llama with random weights as a float32 GGUF: matrices normal with deviation 1/√in, those that write to the
 * residual stream divided by √(2 · layers), embeddings with 0.02, norms one. Equal arguments give equal files.
 *
 * @param tokenizer - the text of a tokenizer.json, a byte-level BPE
 * @throws {TokenizerFileError | ExportError} in one sentence
 */
export async function writeFreshModel(
  path: string,
  model: FreshModel,
  tokenizer: string,
  seed: number,
): Promise<void> {
  requireHeads(model);
  const vocabularyMetadata = tokenizerMetadata(tokenizer, "the tokenizer file");
  const tokens = vocabularyMetadata.get("tokenizer.ggml.tokens");
  const vocabulary = tokens?.kind === "array" ? tokens.value.length : 0;
  const headSize = model.embedding / model.heads;
  const shape = {
    ...model,
    headSize,
    contextLength: model.contextTokens,
    ropeDimensions: headSize,
    ropeScale: 1,
  };
  const wanted = expectedTensors(shape, vocabulary).filter(
    ({ name, isOptional }) => !isOptional || (name === "output.weight" && !model.isTied),
  );
  const metadata = new Map([...shapeMetadata(model, vocabulary), ...vocabularyMetadata]);
  await writeGguf(
    path,
    metadata,
    wanted.map((tensor) => freshTensor(tensor, model.layers, seed)),
  );
}

function requireHeads({ embedding, heads, kvHeads }: FreshModel): void {
  if (Number.isInteger(embedding / heads / 2) && heads % kvHeads === 0) return;
  throw new ExportError(
    `embedding ${embedding} with ${heads} heads and ${kvHeads} key-value heads: embedding / heads must be even, heads a multiple of key-value heads`,
  );
}

function shapeMetadata(model: FreshModel, vocabulary: number): [string, MetadataValue][] {
  const sizes: readonly [string, number][] = [
    ["context_length", model.contextTokens],
    ["embedding_length", model.embedding],
    ["block_count", model.layers],
    ["feed_forward_length", model.feedForward],
    ["attention.head_count", model.heads],
    ["attention.head_count_kv", model.kvHeads],
    ["rope.dimension_count", model.embedding / model.heads],
    ["vocab_size", vocabulary],
  ];
  const constants: readonly [string, number][] = [
    ["attention.layer_norm_rms_epsilon", model.normEpsilon],
    ["rope.freq_base", model.ropeBase],
  ];
  return [
    ["general.architecture", { kind: "string", value: "llama" }],
    ["general.type", { kind: "string", value: "model" }],
    ["general.name", { kind: "string", value: model.name }],
    ...sizes.map(([key, value]): [string, MetadataValue] => [`llama.${key}`, { kind: "uint32", value }]),
    ...constants.map(([key, value]): [string, MetadataValue] => [`llama.${key}`, { kind: "float32", value }]),
  ];
}

function freshTensor({ name, shape }: ExpectedTensor, layers: number, seed: number): StreamedTensor {
  return {
    name,
    shape,
    type: "F32",
    chunks: () => [bytesOf(freshValues(name, shape, layers, `${seed}/weights/${name}`))],
  };
}

function freshValues(
  name: string,
  [columns = 1, rows]: readonly number[],
  layers: number,
  key: string,
): Float32Array {
  if (rows === undefined) return new Float32Array(columns).fill(1);
  return normalValues(rows * columns, deviation(name, columns, layers), key);
}

function deviation(name: string, inputs: number, layers: number): number {
  if (name === "token_embd.weight") return EMBEDDING_DEVIATION;
  const writesToResidual = name.endsWith("attn_output.weight") || name.endsWith("ffn_down.weight");
  return 1 / Math.sqrt(inputs * (writesToResidual ? 2 * layers : 1));
}

/** Normal numbers, two from two uniform ones (Box and Muller, 1958). */
function normalValues(count: number, deviation: number, key: string): Float32Array {
  const next = createRandom(key);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
