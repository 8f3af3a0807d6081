/**
 * ggml's conversions between float32 and its storage types, on the CPU.
 *
 * @see ggml.h (`ggml_quantize_chunk`, `ggml_get_type_traits`) of llama.cpp v0.5.0
 * @module
 */
import koffi, { type LibraryHandle } from "koffi";
import { floatsOf } from "../gguf/float-bytes.ts";
import { rowBytes, type TensorType, typeCode } from "../gguf/tensor-type.ts";
import { findLibraries } from "./library-folder.ts";

/** Converts rows of a matrix. */
export interface Quantizer {
  /** Whether ggml can store float32 as this type without knowing which weights matter most. */
  canQuantize(type: TensorType): boolean;
  /**
   * Stores float32 as a type.
   *
   * @param values - whole rows of `columns` numbers, row-major; `columns` is a multiple of the type's block
   * @param type - one that {@link canQuantize}
   */
  quantize(values: Float32Array, columns: number, type: TensorType): Uint8Array;
  /** Reads `elements` stored numbers. */
  dequantize(bytes: Uint8Array, elements: number, type: TensorType): Float32Array;
}

const TYPE_TRAITS = koffi.struct({
  type_name: "const char *",
  blck_size: "int64_t",
  blck_size_interleave: "int64_t",
  type_size: "size_t",
  is_quantized: "bool",
  to_float: "void *",
  from_float_ref: "void *",
});
const TO_FLOAT = koffi.proto("void (const void *stored, void *values, int64_t count)");

/** Types that ggml computes with but does not store models in. */
const UNWRITABLE: readonly TensorType[] = ["I8", "I16", "I32", "I64", "F64", "Q8_1", "Q8_K"];

let loaded: Quantizer | undefined;

/**
 * The conversions of the CPU build, bound once a process: ggml's library aborts when it is unloaded and loaded again.
 *
 * @throws {LibraryError} when the library is missing
 */
export function loadQuantizer(): Quantizer {
  loaded ??= bindQuantizer(koffi.load(findLibraries("cpu").base));
  return loaded;
}

function bindQuantizer(library: LibraryHandle): Quantizer {
  const traitsOf = library.func("const void *ggml_get_type_traits(int type)");
  const needsImportance = library.func("bool ggml_quantize_requires_imatrix(int type)");
  const quantizeChunk = library.func(
    "size_t ggml_quantize_chunk(int type, const void *src, void *dst, int64_t start, int64_t nrows, int64_t n_per_row, const void *imatrix)",
  );
  return {
    canQuantize: (type) => !UNWRITABLE.includes(type) && !needsImportance(typeCode(type)),
    quantize(values, columns, type) {
      const rows = values.length / columns;
      const bytes = new Uint8Array(rows * rowBytes(type, columns));
      quantizeChunk(typeCode(type), values, bytes, 0, rows, columns, null);
      return bytes;
    },
    dequantize(bytes, elements, type) {
      if (type === "F32") return floatsOf(bytes.subarray(0, elements * 4));
      const values = new Float32Array(elements);
      const traits: { to_float: bigint } = koffi.decode(traitsOf(typeCode(type)), TYPE_TRAITS);
      koffi.decode(traits.to_float, TO_FLOAT)(bytes, values, elements);
      return values;
    },
  };
}
