/**
 * The only folder that knows llama.cpp: GGUF files, the decoding engine and the gradient engine.
 *
 * @module
 */

export { EngineDiedError } from "./child/index.ts";
export { DecodingConfig, ModelConfig, type ToldDecoding } from "./config.ts";
export type { Engine, EngineOptions, EngineStatus, OnPolicyChange } from "./decoding/engine.ts";
export type {
  EngineCompletion,
  EngineTokens,
  GroupHandle,
  GroupRequest,
  GroupSink,
  Policy,
  SampleFailure,
  SamplingSettings,
} from "./decoding/generation.ts";
export { openEngine } from "./decoding/open-engine.ts";
export {
  type FreshModel,
  writeFreshModel,
  writeMergedModel,
  writePeftAdapter,
  writeTrainedModel,
} from "./exports/index.ts";
export {
  type Adapter,
  type AdapterTensor,
  checkAdapterFits,
  decodeAdapter,
  encodeAdapter,
  type MetadataValue,
  type ModelInfo,
  openGguf,
  PROJECTIONS,
  type Projection,
  projectionShape,
  readModelInfo,
  readTokenTexts,
  type StreamedTensor,
  type TensorType,
  textOf,
  writeGguf,
} from "./gguf/index.ts";
export type { MicroBatch, TrainingSequence } from "./gradients/micro-batch.ts";
export { type GradientEngine, openGradientEngine } from "./gradients/open-gradient-engine.ts";
export type { Parameter } from "./gradients/parameters.ts";
export type { GradientOptions } from "./gradients/protocol.ts";
export { compareKernels, type KernelsComparison } from "./kernels/compare-kernels.ts";
export { compileKernels, removeKernels } from "./kernels/compile-kernels.ts";
export { generateAtOnce } from "./measuring/generate-at-once.ts";
export { generateGroup } from "./measuring/generate-group.ts";
export { forwardBackward, forwardBackwardAll, randomGroup, randomTokens } from "./measuring/gradient-work.ts";
export {
  type DecodeAlone,
  defaultOf,
  describeSettings,
  fastestDecoding,
  gainOverDefault,
  openDecodeAlone,
} from "./measuring/open-decode-alone.ts";
export type { TriedSettings } from "./measuring/protocol.ts";
export { largestDecoding, settleDecoding } from "./measuring/settle-decoding.ts";
export { numbersOfRank, type SmallAdapter, smallAdapter } from "./measuring/small-adapter.ts";
export { evenMicroBatch, type MicroBatchSizes } from "./memory/even-micro-batch.ts";
export {
  describeEngineMemory,
  describeGradientMemory,
  slotsThatFit,
  totalOf,
} from "./memory/explain-lack.ts";
export { predictEngineMemory, predictGradientMemory } from "./memory/predict-memory.ts";
export type { EngineMemory } from "./memory/protocol.ts";
export { type CpuKernels, kernelsInUse } from "./native/cpu-kernels.ts";
export type { Device } from "./native/libraries.ts";
export { listDevices } from "./native/list-devices.ts";
export { createTemplate } from "./prompt/index.ts";
