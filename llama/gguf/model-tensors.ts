import { UnsupportedModelError } from "./errors.ts";
import type { ModelShape } from "./model-shape.ts";
import type { GgufTensor } from "./parse.ts";

/** The seven projections of a layer, as GGUF names them within `blk.<layer>.<name>.weight`. */
export const PROJECTIONS = [
  "attn_q",
  "attn_k",
  "attn_v",
  "attn_output",
  "ffn_gate",
  "ffn_up",
  "ffn_down",
] as const;

/** One of {@link PROJECTIONS}. */
export type Projection = (typeof PROJECTIONS)[number];

/** A tensor of a dense Llama: its name, and its shape in ggml's order. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** May be absent: `output.weight` (then the embedding is the head too) and `rope_freqs.weight`. */
  readonly isOptional: boolean;
}

/** The shape of a projection in ggml's order: [in, out]. */
export function projectionShape(shape: ModelShape, projection: Projection): readonly [number, number] {
  const attention = shape.heads * shape.headSize;
  const keys = shape.kvHeads * shape.headSize;
  const { embedding, feedForward } = shape;
  const shapes = {
    attn_q: [embedding, attention],
    attn_k: [embedding, keys],
    attn_v: [embedding, keys],
    attn_output: [attention, embedding],
    ffn_gate: [embedding, feedForward],
    ffn_up: [embedding, feedForward],
    ffn_down: [feedForward, embedding],
  } as const;
  return shapes[projection];
}

/** All tensors of a dense Llama, in the order of its graph. */
export function expectedTensors(shape: ModelShape, vocabulary: number): ExpectedTensor[] {
  const { layers, embedding, headSize } = shape;
  const layer = (index: number): ExpectedTensor[] => [
    required(`blk.${index}.attn_norm.weight`, [embedding]),
    required(`blk.${index}.ffn_norm.weight`, [embedding]),
    ...PROJECTIONS.map((name) => required(`blk.${index}.${name}.weight`, projectionShape(shape, name))),
  ];
  return [
    required("token_embd.weight", [embedding, vocabulary]),
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    required("output_norm.weight", [embedding]),
    { name: "output.weight", shape: [embedding, vocabulary], isOptional: true },
    { name: "rope_freqs.weight", shape: [headSize / 2], isOptional: true },
  ];
}

/**
 * Checks that a file holds the tensors of its model and no others.
 *
 * @throws {UnsupportedModelError} naming the tensors that are missing, of another shape, or of no use to the graph
 */
export function checkTensors(
  tensors: ReadonlyMap<string, GgufTensor>,
  shape: ModelShape,
  vocabulary: number,
  file: string,
): void {
  if (shape.layers * PROJECTIONS.length > tensors.size)
    throw new UnsupportedModelError(`${file} has ${tensors.size} tensors for ${shape.layers} layers`);
  const expected = expectedTensors(shape, vocabulary);
  const known = new Set(expected.map(({ name }) => name));
  const foreign = [...tensors.keys()].filter((name) => !known.has(name));
  if (foreign.length > 0)
    throw new UnsupportedModelError(
      `${file} has tensors that a dense Llama without biases has no use for: ${someOf(foreign)}`,
    );
  const missing = expected.filter(({ name, isOptional }) => !isOptional && !tensors.has(name));
  if (missing.length > 0)
    throw new UnsupportedModelError(`${file} lacks tensors: ${someOf(missing.map(({ name }) => name))}`);
  for (const { name, shape: wanted } of expected) {
    const found = tensors.get(name)?.shape;
    if (found !== undefined && !sameShape(found, wanted))
      throw new UnsupportedModelError(
        `${file} has tensor "${name}" of shape [${found}], its metadata say [${wanted}]`,
      );
  }
}

function required(name: string, shape: readonly number[]): ExpectedTensor {
  return { name, shape, isOptional: false };
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  const axes = Math.max(a.length, b.length);
  return Array.from({ length: axes }, (_, axis) => (a[axis] ?? 1) === (b[axis] ?? 1)).every(Boolean);
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
