/**
 * GGUF files: models and adapters.
 *
 * @module
 */

export {
  type Adapter,
  type AdapterPair,
  type AdapterTensor,
  adapterShape,
  checkAdapterFits,
  decodeAdapter,
  encodeAdapter,
  pairsOf,
} from "./adapter.ts";
export { AdapterError } from "./errors.ts";
export { bytesOf } from "./float-bytes.ts";
export { type Metadata, type MetadataValue, textOf } from "./metadata.ts";
export { describeModel, type ModelInfo, readModelInfo } from "./model-info.ts";
export type { ModelShape } from "./model-shape.ts";
export {
  type ExpectedTensor,
  expectedTensors,
  PROJECTIONS,
  type Projection,
  projectionShape,
} from "./model-tensors.ts";
export { type GgufTensor, rowsAndColumns } from "./parse.ts";
export { type GgufFile, openGguf } from "./read.ts";
export { blockElements, type TensorType, typeCode } from "./tensor-type.ts";
export { readTokenTexts } from "./token-texts.ts";
export { type StreamedTensor, writeGguf } from "./write.ts";
