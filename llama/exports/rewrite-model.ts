import {
  blockElements,
  type GgufFile,
  type GgufTensor,
  type Metadata,
  type MetadataValue,
  openGguf,
  rowsAndColumns,
  type StreamedTensor,
  type TensorType,
  writeGguf,
} from "../gguf/index.ts";
import { loadQuantizer, type Quantizer } from "../native/quantize.ts";
import { ExportError } from "./errors.ts";

/** Changes a tensor's rows in place. `rows` begins with row `from`; row-major, whole rows. */
export type ChangeRows = (rows: Float32Array, from: number) => void;

/** How a model is written anew. */
export interface Rewrite {
  /** The type of a tensor in the new file. */
  typeOf(tensor: GgufTensor): TensorType;
  /** What becomes of a tensor's values; null leaves them. */
  changeOf(tensor: GgufTensor): ChangeRows | null;
  /** Added to the metadata, or put in the place of those with the same key. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Values of a tensor in memory at once. */
const CHUNK_ELEMENTS = 1 << 18;

/** Numbered as ggml does since 2023; tells readers which layout of quantized blocks this is. */
const QUANTIZATION_VERSION = 2;

/**
 * Writes a model with the metadata and tensors of another, some of them changed; a few megabytes of it in memory at once.
 *
 * @param base - path of the other
 * @throws {ExportError} when ggml cannot store a changed tensor in its type
 */
export async function rewriteModel(path: string, base: string, rewrite: Rewrite): Promise<void> {
  await using file = await openGguf(base);
  const quantizer = loadQuantizer();
  const tensors = [...file.tensors.values()].map((tensor): StreamedTensor => {
    const type = rewrite.typeOf(tensor);
    const change = rewrite.changeOf(tensor);
    const isCopied = change === null && type === tensor.type;
    if (!isCopied) requireStorable(tensor, type, quantizer);
    return {
      name: tensor.name,
      shape: tensor.shape,
      type,
      chunks: () => (isCopied ? copyRows(file, tensor) : convertRows(file, tensor, type, change, quantizer)),
    };
  });
  await writeGguf(path, newMetadata(file.metadata, rewrite.metadata), tensors);
}

/** The old pairs, without the file type, which names what the whole file was quantized to; and the new ones. */
function newMetadata(old: Metadata, added: ReadonlyMap<string, string>): Metadata {
  const metadata = new Map<string, MetadataValue>(old);
  metadata.delete("general.file_type");
  metadata.set("general.quantization_version", { kind: "uint32", value: QUANTIZATION_VERSION });
  for (const [key, value] of added) metadata.set(key, { kind: "string", value });
  return metadata;
}

async function* copyRows(file: GgufFile, tensor: GgufTensor): AsyncGenerator<Uint8Array> {
  for (const { from, count } of rowChunks(tensor)) yield await file.readRows(tensor, from, count);
}

async function* convertRows(
  file: GgufFile,
  tensor: GgufTensor,
  type: TensorType,
  change: ChangeRows | null,
  quantizer: Quantizer,
): AsyncGenerator<Uint8Array> {
  const { columns } = rowsAndColumns(tensor.shape);
  for (const { from, count } of rowChunks(tensor)) {
    const stored = await file.readRows(tensor, from, count);
    const values = quantizer.dequantize(stored, count * columns, tensor.type);
    change?.(values, from);
    yield quantizer.quantize(values, columns, type);
  }
}

function* rowChunks({ shape }: GgufTensor): Generator<{ from: number; count: number }> {
  const { rows, columns } = rowsAndColumns(shape);
  const step = Math.max(1, Math.floor(CHUNK_ELEMENTS / columns));
  for (let from = 0; from < rows; from += step) yield { from, count: Math.min(step, rows - from) };
}

function requireStorable({ name, shape }: GgufTensor, type: TensorType, quantizer: Quantizer): void {
  const { columns } = rowsAndColumns(shape);
  if (!quantizer.canQuantize(type))
    throw new ExportError(
      `${name} cannot be stored as ${type} without an importance matrix; start from a base of another type`,
    );
  if (columns % blockElements(type) !== 0)
    throw new ExportError(
      `${name} cannot be stored as ${type}: its rows of ${columns} are not a multiple of ${blockElements(type)}`,
    );
}
