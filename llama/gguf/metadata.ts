/**
 * The key–value pairs of a GGUF.
 *
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 * @module
 */

/** Kinds of numbers that a JavaScript number holds exactly. */
type NumberKind = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

/** Kinds of what is not an array. */
export type ScalarKind = NumberKind | "uint64" | "int64" | "bool" | "string";

/** A value, with the kind that it has in the file. Arrays hold one kind, and no arrays. */
export type MetadataValue =
  | { readonly kind: NumberKind; readonly value: number }
  | { readonly kind: "uint64" | "int64"; readonly value: bigint }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "array"; readonly of: ScalarKind; readonly value: readonly ScalarValue[] };

/** What a scalar is in JavaScript. */
export type ScalarValue = number | bigint | boolean | string;

/** The pairs in the order of the file. */
export type Metadata = ReadonlyMap<string, MetadataValue>;

/** Kinds by their number in a file. Number 9 is an array. */
export const KINDS = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
  "bool",
  "string",
  "array",
  "uint64",
  "int64",
  "float64",
] as const satisfies readonly MetadataValue["kind"][];

/** The least bytes that a value of a kind takes. */
export const LEAST_BYTES: { readonly [Kind in ScalarKind]: number } = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  float64: 8,
  uint64: 8,
  int64: 8,
  bool: 1,
  string: 8,
};

const DEFAULT_ALIGNMENT = 32;

/** Bytes to whose multiples tensors are aligned; undefined when the file states one that cannot be. */
export function alignmentOf(metadata: Metadata): number | undefined {
  const stated = metadata.get("general.alignment");
  if (stated === undefined) return DEFAULT_ALIGNMENT;
  if (stated.kind !== "uint32") return undefined;
  const isPowerOfTwo = stated.value > 0 && Number.isInteger(Math.log2(stated.value));
  return isPowerOfTwo ? stated.value : undefined;
}

/** The next multiple of `alignment`. */
export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/** A text; undefined when there is none under this key. */
export function textOf(metadata: Metadata, key: string): string | undefined {
  const found = metadata.get(key);
  return found?.kind === "string" ? found.value : undefined;
}

/** A truth value; undefined when there is none under this key. */
export function flagOf(metadata: Metadata, key: string): boolean | undefined {
  const found = metadata.get(key);
  return found?.kind === "bool" ? found.value : undefined;
}

/** A number of any kind; undefined when there is none under this key. */
export function numberOf(metadata: Metadata, key: string): number | undefined {
  const value = metadata.get(key)?.value;
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}

/** A list of texts; undefined when there is none under this key. */
export function textsOf(metadata: Metadata, key: string): readonly string[] | undefined {
  const found = metadata.get(key);
  return found?.kind === "array" && found.of === "string" ? (found.value as readonly string[]) : undefined;
}
