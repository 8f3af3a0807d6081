import { ForeignInputError } from "../../core/index.ts";

/** There is no such file, or it cannot be opened. */
export class GgufMissingError extends ForeignInputError {
  readonly code = "llama.gguf_missing";
  readonly disposition = "reject";
}

/** The bytes are not GGUF 2 or 3 in little-endian order. */
export class NotGgufError extends ForeignInputError {
  readonly code = "llama.not_a_gguf";
  readonly disposition = "reject";
}

/** A GGUF ends before what it declares. */
export class GgufTruncatedError extends ForeignInputError {
  readonly code = "llama.gguf_truncated";
  readonly disposition = "reject";
}

/** A GGUF contradicts itself or the format. */
export class GgufDamagedError extends ForeignInputError {
  readonly code = "llama.gguf_damaged";
  readonly disposition = "reject";
}

/** A sound GGUF whose model this project does not run: another architecture, or tensors that its graph has no use for. */
export class UnsupportedModelError extends ForeignInputError {
  readonly code = "llama.model_unsupported";
  readonly disposition = "reject";
}

/** The bytes are no LoRA adapter, or one that belongs to another base. */
export class AdapterError extends ForeignInputError {
  readonly code = "llama.adapter_unusable";
  readonly disposition = "reject";
}
