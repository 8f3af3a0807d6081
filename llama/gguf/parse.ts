import { type ByteSource, Cursor } from "./cursor.ts";
import { GgufDamagedError, GgufTruncatedError, NotGgufError } from "./errors.ts";
import { alignmentOf, alignUp, KINDS, LEAST_BYTES, type MetadataValue } from "./metadata.ts";
import { blockElements, rowBytes, type TensorType, typeOfCode } from "./tensor-type.ts";

/** Where a tensor lies, and how. */
export interface GgufTensor {
  readonly name: string;
  readonly type: TensorType;
  /** Elements along each axis, ggml's order: the first is contiguous, a matrix is [columns, rows]. */
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** All of a GGUF but the tensors' bytes. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Elements of a row, and the number of rows, however many axes they are spread over. */
export function rowsAndColumns(shape: readonly number[]): { rows: number; columns: number } {
  const [columns = 1, ...others] = shape;
  return { columns, rows: others.reduce((product, axis) => product * axis, 1) };
}

const MAGIC = 0x46554747; // "GGUF" in little-endian order
const LEAST_PAIR_BYTES = 13; // the key's length, the kind, a value
const LEAST_TENSOR_BYTES = 32; // the name's length, the axes' number, one axis, type, offset
const MOST_AXES = 4;
/** Of all arrays together, since an item takes more memory than bytes; the largest vocabularies have 2^18 tokens. */
const MOST_ITEMS = 1 << 21;
const MOST_PAIRS = 1 << 16;
const MOST_TENSORS = 1 << 16;

/**
 * Reads the header of GGUF 2 or 3 and checks that the file holds every tensor that it declares.
 *
 * @throws {NotGgufError | GgufTruncatedError | GgufDamagedError} in one sentence
 */
export function parseGguf(source: ByteSource): GgufHeader {
  const cursor = new Cursor(source);
  const version = parseVersion(cursor);
  const tensorCount = cursor.uint64("the number of tensors");
  const pairCount = cursor.uint64("the number of metadata keys");
  cursor.require(pairCount * LEAST_PAIR_BYTES, `${pairCount} metadata keys`);
  if (pairCount > MOST_PAIRS) throw damaged(source, `it claims to have ${pairCount} metadata keys`);
  const metadata = new Map<string, MetadataValue>();
  let items = 0;
  for (let i = 0; i < pairCount; i++) {
    const key = cursor.text(`metadata key ${i + 1}`);
    if (metadata.has(key)) throw damaged(source, `it has metadata key "${key}" twice`);
    const value = parseValue(cursor, key, MOST_ITEMS - items);
    if (value.kind === "array") items += value.value.length;
    metadata.set(key, value);
  }
  cursor.require(tensorCount * LEAST_TENSOR_BYTES, `the table of ${tensorCount} tensors`);
  if (tensorCount > MOST_TENSORS) throw damaged(source, `it claims to have ${tensorCount} tensors`);
  const relative = Array.from({ length: tensorCount }, (_, i) => parseTensor(cursor, i));
  return { version, metadata, tensors: placeTensors(source, metadata, relative, cursor.position) };
}

function parseVersion(cursor: Cursor): number {
  const { name, sizeBytes } = cursor.source;
  if (sizeBytes < 4 || cursor.uint32("the magic number") !== MAGIC)
    throw new NotGgufError(`${name} is not a GGUF file: it does not begin with "GGUF"`);
  const version = cursor.uint32("the version");
  if (version !== 0 && (version & 0xffff) === 0)
    throw new NotGgufError(`${name} is a big-endian GGUF; only little-endian ones can be used`);
  if (version !== 2 && version !== 3)
    throw new NotGgufError(`${name} is GGUF version ${version}; versions 2 and 3 can be used`);
  return version;
}

function parseValue(cursor: Cursor, key: string, mostItems: number): MetadataValue {
  const what = `metadata "${key}"`;
  const kind = parseKind(cursor, what);
  if (kind !== "array") return { kind, value: cursor.scalar(kind, what) } as MetadataValue;
  const of = parseKind(cursor, what);
  if (of === "array") throw damaged(cursor.source, `${what} is an array of arrays`);
  const count = cursor.uint64(what);
  cursor.require(count * LEAST_BYTES[of], what);
  if (count > mostItems) throw damaged(cursor.source, `${what} claims to have ${count} items`);
  return { kind, of, value: Array.from({ length: count }, () => cursor.scalar(of, what)) };
}

function parseKind(cursor: Cursor, what: string): MetadataValue["kind"] {
  const code = cursor.uint32(what);
  const kind = KINDS[code];
  if (kind === undefined) throw damaged(cursor.source, `${what} has unknown kind ${code}`);
  return kind;
}

function parseTensor(cursor: Cursor, index: number): GgufTensor {
  const name = cursor.text(`the name of tensor ${index + 1}`);
  const what = `the description of tensor "${name}"`;
  const axes = cursor.uint32(what);
  if (axes < 1 || axes > MOST_AXES) throw damaged(cursor.source, `tensor "${name}" has ${axes} axes`);
  const shape = Array.from({ length: axes }, () => cursor.uint64(what));
  const code = cursor.uint32(what);
  const type = typeOfCode(code);
  if (type === undefined) throw damaged(cursor.source, `tensor "${name}" has unknown type ${code}`);
  const offset = cursor.uint64(what);
  const { rows, columns } = rowsAndColumns(shape);
  const fits = rows * columns > 0 && columns % blockElements(type) === 0;
  if (!fits) throw damaged(cursor.source, `tensor "${name}" of type ${type} has shape [${shape}]`);
  return { name, type, shape, offset, bytes: rows * rowBytes(type, columns) };
}

/** Checks that tensors follow one another, as ggml demands, and makes their offsets count from the file's start. */
function placeTensors(
  source: ByteSource,
  metadata: ReadonlyMap<string, MetadataValue>,
  relative: readonly GgufTensor[],
  headerBytes: number,
): ReadonlyMap<string, GgufTensor> {
  const alignment = alignmentOf(metadata);
  if (alignment === undefined) throw damaged(source, "its general.alignment is not a power of two");
  const start = alignUp(headerBytes, alignment);
  const tensors = new Map<string, GgufTensor>();
  let expected = 0;
  for (const tensor of relative) {
    if (tensors.has(tensor.name)) throw damaged(source, `it has tensor "${tensor.name}" twice`);
    if (tensor.offset !== expected)
      throw damaged(source, `tensor "${tensor.name}" is at ${tensor.offset} instead of ${expected}`);
    const end = start + expected + tensor.bytes;
    if (end > source.sizeBytes)
      throw new GgufTruncatedError(
        `${source.name} is truncated: it has ${source.sizeBytes} bytes, and tensor "${tensor.name}" ends at byte ${end}`,
      );
    tensors.set(tensor.name, { ...tensor, offset: start + expected });
    expected = alignUp(expected + tensor.bytes, alignment);
  }
  return tensors;
}

function damaged(source: ByteSource, what: string): GgufDamagedError {
  return new GgufDamagedError(`${source.name} is damaged: ${what}`);
}
