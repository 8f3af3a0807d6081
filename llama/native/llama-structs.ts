/**
 * The structs of `llama.h` that pass by value, field by field as the header has them (llama.cpp v0.5.0). The contract
 * test compares names, order and types with the header, and the defaults with what they are relied upon to be.
 *
 * @module
 */
import koffi from "koffi";

/** `llama_model_params`; pointers are addresses, 0n or null for none. Fields that are not named here keep their default. */
export interface ModelParams {
  devices: BigUint64Array | null;
  n_gpu_layers: number;
  /** `llama_load_mode`: {@link LOAD_MODE}, or -1 for what suits. */
  load_mode: number;
  use_extra_bufts: boolean;
  /** Whether only sizes are asked for: neither weights nor cells get memory. */
  no_alloc: boolean;
}

/** `llama_context_params`; fields that are not named here keep their default. */
export interface ContextParams {
  n_ctx: number;
  n_batch: number;
  n_ubatch: number;
  n_seq_max: number;
  n_outputs_max: number;
  n_threads: number;
  n_threads_batch: number;
  flash_attn_type: number;
  type_k: number;
  type_v: number;
  no_perf: boolean;
  kv_unified: boolean;
}

/** `llama_batch`: one row a token. */
export interface BatchStruct {
  n_tokens: number;
  readonly token: Int32Array;
  readonly embd: null;
  readonly pos: Int32Array;
  readonly n_seq_id: Int32Array;
  /** For each row the address of its sequence id. */
  readonly seq_id: BigUint64Array;
  /** For each row whether its logits are wanted. */
  readonly logits: Int8Array;
}

/** `llama_flash_attn_type`. */
export const FLASH_ATTENTION = { auto: -1, off: 0, on: 1 } as const;

/** `llama_load_mode`. */
export const LOAD_MODE = { usual: -1, read: 0 } as const;

/** `ggml_type` of the K and V caches. */
export const CACHE_TYPE = { f32: 0, f16: 1 } as const;

/** `llama_model_params`. */
export const MODEL_PARAMS = koffi.struct("llama_model_params", {
  devices: "void *",
  tensor_buft_overrides: "void *",
  n_gpu_layers: "int32_t",
  split_mode: "int",
  load_mode: "int",
  lazy_mode: "int",
  main_gpu: "int32_t",
  tensor_split: "void *",
  progress_callback: "void *",
  progress_callback_user_data: "void *",
  kv_overrides: "void *",
  vocab_only: "bool",
  check_tensors: "bool",
  use_extra_bufts: "bool",
  no_host: "bool",
  no_alloc: "bool",
  load_mtp: "bool",
});

/** `llama_context_params`. */
export const CONTEXT_PARAMS = koffi.struct("llama_context_params", {
  n_ctx: "uint32_t",
  n_batch: "uint32_t",
  n_ubatch: "uint32_t",
  n_seq_max: "uint32_t",
  n_rs_seq: "uint32_t",
  n_outputs_max: "uint32_t",
  n_outputs_max_per_seq: "uint32_t",
  n_threads: "int32_t",
  n_threads_batch: "int32_t",
  ctx_type: "int",
  rope_scaling_type: "int",
  pooling_type: "int",
  attention_type: "int",
  flash_attn_type: "int",
  rope_freq_base: "float",
  rope_freq_scale: "float",
  yarn_ext_factor: "float",
  yarn_attn_factor: "float",
  yarn_beta_fast: "float",
  yarn_beta_slow: "float",
  yarn_orig_ctx: "uint32_t",
  defrag_thold: "float",
  cb_eval: "void *",
  cb_eval_user_data: "void *",
  type_k: "int",
  type_v: "int",
  abort_callback: "void *",
  abort_callback_data: "void *",
  embeddings: "bool",
  offload_kqv: "bool",
  no_perf: "bool",
  op_offload: "bool",
  swa_full: "bool",
  kv_unified: "bool",
  samplers: "void *",
  n_samplers: "size_t",
  ctx_other: "void *",
});

/** `llama_batch`. */
export const BATCH = koffi.struct("llama_batch", {
  n_tokens: "int32_t",
  token: "void *",
  embd: "void *",
  pos: "void *",
  n_seq_id: "void *",
  seq_id: "void *",
  logits: "void *",
});
