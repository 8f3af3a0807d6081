/**
 * GGUF files: models and adapters.
 *
 * @module
 */

export {
  type Adapter,
  type AdapterPair,
  type AdapterTensor,
  checkAdapterFits,
  decodeAdapter,
  encodeAdapter,
  pairsOf,
} from "./adapter.ts";
export {
  AdapterError,
  GgufDamagedError,
  GgufMissingError,
  GgufTruncatedError,
  NotGgufError,
  UnsupportedModelError,
} from "./errors.ts";
export { bytesOf } from "./float-bytes.ts";
export { flagOf, type Metadata, type MetadataValue, numberOf, textOf, textsOf } from "./metadata.ts";
export { describeModel, type ModelInfo, readModelInfo } from "./model-info.ts";
export type { ModelShape } from "./model-shape.ts";
export {
  type ExpectedTensor,
  expectedTensors,
  PROJECTIONS,
  type Projection,
  projectionShape,
} from "./model-tensors.ts";
export { type GgufHeader, type GgufTensor, rowsAndColumns } from "./parse.ts";
export { type GgufFile, openGguf, parseGgufBytes } from "./read.ts";
export { blockElements, rowBytes, type TensorType, typeCode } from "./tensor-type.ts";
export { encodeGguf, type StreamedTensor, writeGguf } from "./write.ts";
