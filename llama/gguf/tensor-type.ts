/**
 * How ggml stores the elements of a tensor: in blocks along a row.
 *
 * @see ggml.h (`enum ggml_type`) and ggml-common.h of llama.cpp v0.5.0
 * @module
 */

/** Number in a file, elements of a block, bytes of a block. */
interface BlockLayout {
  readonly code: number;
  readonly elements: number;
  readonly bytes: number;
}

const LAYOUTS = {
  F32: { code: 0, elements: 1, bytes: 4 },
  F16: { code: 1, elements: 1, bytes: 2 },
  Q4_0: { code: 2, elements: 32, bytes: 18 },
  Q4_1: { code: 3, elements: 32, bytes: 20 },
  Q5_0: { code: 6, elements: 32, bytes: 22 },
  Q5_1: { code: 7, elements: 32, bytes: 24 },
  Q8_0: { code: 8, elements: 32, bytes: 34 },
  Q8_1: { code: 9, elements: 32, bytes: 36 },
  Q2_K: { code: 10, elements: 256, bytes: 84 },
  Q3_K: { code: 11, elements: 256, bytes: 110 },
  Q4_K: { code: 12, elements: 256, bytes: 144 },
  Q5_K: { code: 13, elements: 256, bytes: 176 },
  Q6_K: { code: 14, elements: 256, bytes: 210 },
  Q8_K: { code: 15, elements: 256, bytes: 292 },
  IQ2_XXS: { code: 16, elements: 256, bytes: 66 },
  IQ2_XS: { code: 17, elements: 256, bytes: 74 },
  IQ3_XXS: { code: 18, elements: 256, bytes: 98 },
  IQ1_S: { code: 19, elements: 256, bytes: 50 },
  IQ4_NL: { code: 20, elements: 32, bytes: 18 },
  IQ3_S: { code: 21, elements: 256, bytes: 110 },
  IQ2_S: { code: 22, elements: 256, bytes: 82 },
  IQ4_XS: { code: 23, elements: 256, bytes: 136 },
  I8: { code: 24, elements: 1, bytes: 1 },
  I16: { code: 25, elements: 1, bytes: 2 },
  I32: { code: 26, elements: 1, bytes: 4 },
  I64: { code: 27, elements: 1, bytes: 8 },
  F64: { code: 28, elements: 1, bytes: 8 },
  IQ1_M: { code: 29, elements: 256, bytes: 56 },
  BF16: { code: 30, elements: 1, bytes: 2 },
  TQ1_0: { code: 34, elements: 256, bytes: 54 },
  TQ2_0: { code: 35, elements: 256, bytes: 66 },
  MXFP4: { code: 39, elements: 32, bytes: 17 },
  NVFP4: { code: 40, elements: 64, bytes: 36 },
  Q1_0: { code: 41, elements: 128, bytes: 18 },
  Q2_0: { code: 42, elements: 64, bytes: 18 },
} as const satisfies Record<string, BlockLayout>;

/** The name of a storage type. */
export type TensorType = keyof typeof LAYOUTS;

const BY_CODE = new Map<number, TensorType>(
  Object.entries(LAYOUTS).map(([name, layout]) => [layout.code, name as TensorType]),
);

/** The number that stands for a type in a file, and in ggml's functions. */
export function typeCode(type: TensorType): number {
  return LAYOUTS[type].code;
}

/** The type of a number; undefined for one that ggml does not know. */
export function typeOfCode(code: number): TensorType | undefined {
  return BY_CODE.get(code);
}

/** Elements that are stored together: a row's length is a multiple of it. */
export function blockElements(type: TensorType): number {
  return LAYOUTS[type].elements;
}

/** Bytes of one row of `columns` elements, a multiple of {@link blockElements}. */
export function rowBytes(type: TensorType, columns: number): number {
  return (columns / LAYOUTS[type].elements) * LAYOUTS[type].bytes;
}
