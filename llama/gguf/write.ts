import { type FileHandle, open, rm } from "node:fs/promises";
import { renameDurably } from "../../core/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import { alignmentOf, alignUp, KINDS, type Metadata, type MetadataValue } from "./metadata.ts";
import { rowsAndColumns } from "./parse.ts";
import { rowBytes, type TensorType, typeCode } from "./tensor-type.ts";

/** A tensor's place in the table. */
export interface TensorDescription {
  readonly name: string;
  readonly type: TensorType;
  /** Elements along each axis, ggml's order: the first is contiguous, a matrix is [columns, rows]. */
  readonly shape: readonly number[];
}

/** A tensor to be written, its bytes produced when their turn comes. */
export interface StreamedTensor extends TensorDescription {
  /** The stored bytes in order, in chunks of any size. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Writes GGUF 3, one chunk in memory at a time. A reader finds either the old file or all of the new one.
 *
 * @throws RangeError when the alignment is none, or a tensor's chunks do not add up to its size
 */
export async function writeGguf(
  path: string,
  metadata: Metadata,
  tensors: readonly StreamedTensor[],
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w");
  try {
    await writeTensors(file, metadata, tensors);
    await file.sync();
    await file.close();
    await renameDurably(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined); // Closed already, when renaming failed.
    await rm(temporary, { force: true });
    throw error;
  }
}

/** GGUF 3 in memory. Equal arguments give equal bytes. */
export function encodeGguf(
  metadata: Metadata,
  tensors: readonly (TensorDescription & { readonly data: Uint8Array })[],
): Uint8Array {
  const alignment = requireAlignment(metadata);
  const header = encodeHeader(metadata, tensors, alignment);
  const sizeBytes = tensors.reduce((end, tensor) => end + alignUp(tensorBytes(tensor), alignment), 0);
  const bytes = new Uint8Array(header.length + sizeBytes);
  bytes.set(header);
  let offset = header.length;
  for (const tensor of tensors) {
    bytes.set(tensor.data, offset);
    offset += alignUp(tensorBytes(tensor), alignment);
  }
  return bytes;
}

async function writeTensors(
  file: FileHandle,
  metadata: Metadata,
  tensors: readonly StreamedTensor[],
): Promise<void> {
  const alignment = requireAlignment(metadata);
  await file.writeFile(encodeHeader(metadata, tensors, alignment));
  for (const tensor of tensors) {
    let written = 0;
    for await (const chunk of tensor.chunks()) {
      await file.writeFile(chunk);
      written += chunk.length;
    }
    const expected = tensorBytes(tensor);
    if (written !== expected)
      throw new RangeError(`tensor "${tensor.name}" has ${expected} bytes, its chunks have ${written}`);
    await file.writeFile(new Uint8Array(alignUp(expected, alignment) - expected));
  }
}

/** Everything before the first tensor, padded. */
function encodeHeader(
  metadata: Metadata,
  tensors: readonly TensorDescription[],
  alignment: number,
): Uint8Array {
  const writer = new ByteWriter();
  writer.uint32(0x46554747); // "GGUF"
  writer.uint32(3);
  writer.uint64(tensors.length);
  writer.uint64(metadata.size);
  for (const [key, value] of metadata) {
    writer.text(key);
    encodeValue(writer, value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    writer.text(tensor.name);
    writer.uint32(tensor.shape.length);
    for (const axis of tensor.shape) writer.uint64(axis);
    writer.uint32(typeCode(tensor.type));
    writer.uint64(offset);
    offset = alignUp(offset + tensorBytes(tensor), alignment);
  }
  writer.padTo(alignUp(writer.length, alignment));
  return writer.bytes();
}

function encodeValue(writer: ByteWriter, value: MetadataValue): void {
  writer.uint32(KINDS.indexOf(value.kind));
  if (value.kind !== "array") {
    writer.scalar(value.kind, value.value);
    return;
  }
  writer.uint32(KINDS.indexOf(value.of));
  writer.uint64(value.value.length);
  for (const item of value.value) writer.scalar(value.of, item);
}

function tensorBytes({ type, shape }: TensorDescription): number {
  const { rows, columns } = rowsAndColumns(shape);
  return rows * rowBytes(type, columns);
}

function requireAlignment(metadata: Metadata): number {
  const alignment = alignmentOf(metadata);
  if (alignment === undefined) throw new RangeError("general.alignment is not a power of two");
  return alignment;
}
