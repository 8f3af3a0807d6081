/**
 * The only folder that knows llama.cpp: GGUF files, the decoding engine and the gradient engine.
 *
 * @module
 */

export { EngineDiedError } from "./child/index.ts";
export { ModelConfig } from "./config.ts";
export type { Engine, EngineOptions, EngineStatus, OnPolicyChange, ScoreRequest } from "./decoding/engine.ts";
export type {
  EngineCompletion,
  EngineTokens,
  FinishReason,
  GroupHandle,
  GroupRequest,
  GroupSink,
  Policy,
  PolicySpan,
  SampleFailure,
  SampleRequest,
  SamplingSettings,
} from "./decoding/generation.ts";
export type { Device } from "./native/libraries.ts";
