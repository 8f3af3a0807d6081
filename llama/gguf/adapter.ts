import { AdapterError } from "./errors.ts";
import { bytesOf, floatsOf } from "./float-bytes.ts";
import { type Metadata, type MetadataValue, numberOf, textOf } from "./metadata.ts";
import type { ModelInfo } from "./model-info.ts";
import { PROJECTIONS, projectionShape } from "./model-tensors.ts";
import { type GgufHeader, type GgufTensor, rowsAndColumns } from "./parse.ts";
import { parseGgufBytes } from "./read.ts";
import { encodeGguf } from "./write.ts";

/** The shape of a matrix of an adapter. */
export interface AdapterMatrix {
  /** `blk.<layer>.<projection>.weight.lora_a` [rank × in] or `….lora_b` [out × rank]. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

/** A matrix of an adapter, row-major. */
export interface AdapterTensor extends AdapterMatrix {
  readonly values: Float32Array;
}

/** All of an adapter but its numbers, unless they are there too. */
export interface AdapterShape<Matrix extends AdapterMatrix = AdapterMatrix> {
  /** SHA-256 of the model's file that it belongs to, hexadecimal; "" where none is named, as llama.cpp's converter leaves it. */
  readonly base: string;
  /** Scale is alpha / rank; with 0 it is 1. */
  readonly alpha: number;
  readonly tensors: readonly Matrix[];
}

/** A LoRA: each weight W that it names becomes W + scale · B · A. */
export type Adapter = AdapterShape<AdapterTensor>;

/** A pair of matrices of an adapter. */
export interface AdapterPair<Matrix extends AdapterMatrix = AdapterTensor> {
  /** The name of the weight in the model, `blk.<layer>.<projection>.weight`. */
  readonly weight: string;
  readonly a: Matrix;
  readonly b: Matrix;
  /** What B · A is multiplied by. */
  readonly scale: number;
}

const BASE_KEY = "fleet.base_digest";
const ALPHA_KEY = "adapter.lora.alpha";

/**
 * Writes an adapter as a GGUF that llama.cpp loads. Equal arguments give equal bytes.
 *
 * @see llama-adapter.cpp of llama.cpp v0.5.0
 */
export function encodeAdapter({ base, alpha, tensors }: Adapter): Uint8Array {
  const metadata = new Map<string, MetadataValue>([
    ["general.architecture", { kind: "string", value: "llama" }],
    ["general.type", { kind: "string", value: "adapter" }],
    ["adapter.type", { kind: "string", value: "lora" }],
    [ALPHA_KEY, { kind: "float32", value: alpha }],
    ...(base === "" ? [] : [[BASE_KEY, { kind: "string", value: base }] as const]),
  ]);
  return encodeGguf(
    metadata,
    tensors.map(({ name, rows, columns, values }) => ({
      name,
      type: "F32",
      shape: [columns, rows],
      data: bytesOf(values),
    })),
  );
}

/**
 * Reads an adapter that {@link encodeAdapter} wrote, or another F32 one of llama.cpp's.
 *
 * @param name - stands for it in errors
 * @throws {AdapterError | NotGgufError | GgufTruncatedError | GgufDamagedError} in one sentence
 */
export function decodeAdapter(bytes: Uint8Array, name = "the adapter"): Adapter {
  const header = parseGgufBytes(bytes, name);
  const shape = adapterShape(header, name);
  const places = [...header.tensors.values()];
  const tensors = shape.tensors.map((matrix, index) => {
    const { offset = 0, bytes: size = 0 } = places[index] ?? {};
    return { ...matrix, values: floatsOf(bytes.subarray(offset, offset + size)) };
  });
  return { ...shape, tensors };
}

/**
 * What the header of an adapter's GGUF says of it.
 *
 * @param name - stands for it in errors
 * @throws {AdapterError} in one sentence: no LoRA of F32 matrices in pairs
 */
export function adapterShape({ metadata, tensors }: GgufHeader, name = "the adapter"): AdapterShape {
  requireLora(metadata, name);
  const shape = {
    base: textOf(metadata, BASE_KEY) ?? "",
    alpha: alphaOf(metadata, name),
    tensors: [...tensors.values()].map((tensor) => matrixOf(tensor, name)),
  };
  pairsOf(shape, name);
  return shape;
}

/**
 * The matrices of an adapter, paired, in the order of the A matrices.
 *
 * @param name - stands for the adapter in errors
 * @throws {AdapterError} when one is alone or two do not fit each other
 */
export function pairsOf<Matrix extends AdapterMatrix>(
  { alpha, tensors }: AdapterShape<Matrix>,
  name = "the adapter",
): AdapterPair<Matrix>[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const pairs = tensors.flatMap((a) => {
    if (!a.name.endsWith(".lora_a")) return [];
    const weight = a.name.slice(0, -".lora_a".length);
    const b = byName.get(`${weight}.lora_b`);
    if (b === undefined || b.columns !== a.rows)
      throw new AdapterError(`${name} has no matrix lora_b that fits ${a.name} [${a.rows} × ${a.columns}]`);
    return [{ weight, a, b, scale: alpha === 0 ? 1 : alpha / a.rows }];
  });
  if (pairs.length * 2 !== tensors.length || pairs.length === 0)
    throw new AdapterError(
      `${name} has ${tensors.length} matrices, ${pairs.length} pairs of lora_a and lora_b`,
    );
  return pairs;
}

/**
 * Checks that an adapter was made for a model.
 *
 * @param name - stands for the adapter in errors
 * @throws {AdapterError} in one sentence: another base, or matrices of another shape
 */
export function checkAdapterFits(adapter: AdapterShape, model: ModelInfo, name = "the adapter"): void {
  if (adapter.base !== model.digest)
    throw new AdapterError(
      `${name} belongs to the base ${adapter.base || "(none is named)"}, the model here is ${model.digest}`,
    );
  for (const { weight, a, b } of pairsOf(adapter, name)) {
    const wanted = shapeOfWeight(weight, model);
    if (wanted === undefined || wanted[0] !== a.columns || wanted[1] !== b.rows)
      throw new AdapterError(
        `${name} changes ${weight} as a matrix of ${b.rows} × ${a.columns}, which the model does not have`,
      );
  }
}

function alphaOf(metadata: Metadata, name: string): number {
  const alpha = numberOf(metadata, ALPHA_KEY) ?? 0;
  if (Number.isFinite(alpha)) return alpha;
  throw new AdapterError(`${name} has an alpha of ${alpha}`);
}

/** A projection's [in, out]; undefined when the model has no such weight. */
function shapeOfWeight(weight: string, model: ModelInfo): readonly [number, number] | undefined {
  const [, layer, name] = /^blk\.(0|[1-9]\d*)\.(\w+)\.weight$/.exec(weight) ?? [];
  const projection = PROJECTIONS.find((candidate) => candidate === name);
  if (projection === undefined || Number(layer) >= model.layers) return undefined;
  return projectionShape(model, projection);
}

function requireLora(metadata: Metadata, name: string): void {
  const isLora =
    textOf(metadata, "general.type") === "adapter" && textOf(metadata, "adapter.type") === "lora";
  if (!isLora) throw new AdapterError(`${name} is a GGUF, but not a LoRA adapter`);
  const architecture = textOf(metadata, "general.architecture");
  if (architecture !== "llama")
    throw new AdapterError(
      `${name} is an adapter for architecture "${architecture}", only "llama" is supported`,
    );
}

function matrixOf({ name: tensor, type, shape }: GgufTensor, name: string): AdapterMatrix {
  if (type !== "F32")
    throw new AdapterError(
      `${name} has ${tensor} in ${type}, only F32 can be used (convert_lora_to_gguf.py --outtype f32)`,
    );
  return { name: tensor, ...rowsAndColumns(shape) };
}
