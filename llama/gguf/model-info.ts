import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { UnsupportedModelError } from "./errors.ts";
import { textOf } from "./metadata.ts";
import { type ModelShape, readShape } from "./model-shape.ts";
import { checkTensors } from "./model-tensors.ts";
import type { GgufHeader, GgufTensor } from "./parse.ts";
import { openGguf } from "./read.ts";
import { readVocabulary, type Vocabulary } from "./vocabulary.ts";

/** What a model's file says about it. Plain data: it passes between processes. */
export interface ModelInfo extends ModelShape, Vocabulary {
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  /**
   * SHA-256, hexadecimal, of what two quantizations of a model have in common: the JSON of its shape, of the names of its tensors
   * with their sizes, and of each `tokenizer.` pair, chat template included.
   */
  readonly layout: string;
  readonly sizeBytes: number;
  /** `general.name`; empty without one. */
  readonly name: string;
  /** The most frequent storage type among the matrices: "F32", "Q8_0", "Q4_K", … */
  readonly quantization: string;
  /** Whether the embedding is the output head too. */
  readonly isTied: boolean;
  /** Whether the file has RoPE factors (`rope_freqs.weight`). */
  readonly hasRopeFactors: boolean;
}

/**
 * Reads a model's header and checks that this project can run it; then reads all of the file for its digest.
 *
 * @throws {GgufMissingError | NotGgufError | GgufTruncatedError | GgufDamagedError | UnsupportedModelError} in one
 * sentence
 */
export async function readModelInfo(path: string): Promise<ModelInfo> {
  await using file = await openGguf(path);
  const described = describeModel(file, path);
  return { ...described, sizeBytes: file.sizeBytes, digest: await digestFile(path) };
}

/**
 * Everything about a model that its header says.
 *
 * @param name - stands for the file in errors
 * @throws {UnsupportedModelError} in one sentence
 */
export function describeModel(header: GgufHeader, name: string): Omit<ModelInfo, "digest" | "sizeBytes"> {
  const shape = readShape(header.metadata, name);
  const vocabulary = readVocabulary(header.metadata);
  if (vocabulary === undefined) throw new UnsupportedModelError(`${name} has no tokenizer in its metadata`);
  checkTensors(header.tensors, shape, vocabulary.vocabulary, name);
  return {
    ...shape,
    ...vocabulary,
    name: textOf(header.metadata, "general.name") ?? "",
    layout: layoutOf(header, shape),
    quantization: commonType([...header.tensors.values()]),
    isTied: !header.tensors.has("output.weight"),
    hasRopeFactors: header.tensors.has("rope_freqs.weight"),
  };
}

function layoutOf({ metadata, tensors }: GgufHeader, shape: ModelShape): string {
  const named = <T>(pairs: Iterable<readonly [string, T]>) => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [
    shape,
    named([...tensors].map(([name, tensor]) => [name, tensor.shape] as const)),
    named([...metadata].filter(([key]) => key.startsWith("tokenizer."))),
  ];
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}n` : value);
  return createHash("sha256").update(JSON.stringify(parts, plain)).digest("hex");
}

function commonType(tensors: readonly GgufTensor[]): string {
  const counts = new Map<string, number>();
  for (const { type, shape } of tensors) if (shape.length > 1) counts.set(type, (counts.get(type) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? "F32";
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 22 }), hash);
  return hash.digest("hex");
}
