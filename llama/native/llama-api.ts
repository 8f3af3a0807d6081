/**
 * The functions of `llama.h` that this project calls, bound by their prototypes as the header has them. Handles of
 * models, contexts, vocabularies and adapters are addresses.
 *
 * @module
 */
import { promisify } from "node:util";
import koffi, { type LibraryHandle } from "koffi";
import type { BatchStruct, ContextParams, ModelParams } from "./llama-structs.ts";
import "./llama-structs.ts";

/** The bound functions. Text is UTF-8; sizes are bytes; a `null` handle means that the call failed. */
export interface LlamaApi {
  backendInit(): void;
  logSet(callback: bigint | null, userData: null): void;
  modelDefaultParams(): ModelParams;
  contextDefaultParams(): ContextParams;
  modelLoadFromFile(path: string, params: ModelParams): bigint | null;
  modelGetVocab(model: bigint): bigint;
  /** Attention heads of the first layer. */
  modelNHead(model: bigint): number;
  initFromModel(model: bigint, params: ContextParams): bigint | null;
  free(context: bigint): void;
  getMemory(context: bigint): bigint;
  memorySeqRm(memory: bigint, sequence: number, from: number, to: number): boolean;
  memorySeqCp(memory: bigint, source: number, target: number, from: number, to: number): void;
  /** The last position of a sequence; -1 of one that is empty. */
  memorySeqPosMax(memory: bigint, sequence: number): number;
  /** 0 when done; 1 when no cells are free; else the batch or the computation is invalid. */
  decode(context: bigint, batch: BatchStruct): number;
  synchronize(context: bigint): void;
  /** Logits of a batch's row, [vocabulary] float32, valid until the next decode. */
  getLogitsIth(context: bigint, row: number): bigint | null;
  adapterLoraInit(model: bigint, path: string): bigint | null;
  adapterLoraFree(adapter: bigint): void;
  /** 0 when done. Compares addresses: an adapter that is set must outlive the call that sets another. */
  setAdaptersLora(context: bigint, adapters: BigUint64Array, count: number, scales: Float32Array): number;
  vocabNTokens(vocabulary: bigint): number;
  vocabIsEog(vocabulary: bigint, token: number): boolean;
  vocabBos(vocabulary: bigint): number;
  vocabGetAddBos(vocabulary: bigint): boolean;
  /** The number of tokens, or minus the number that would be needed. */
  tokenize(
    vocabulary: bigint,
    text: Uint8Array,
    bytes: number,
    tokens: Int32Array,
    most: number,
    addSpecial: boolean,
    parseSpecial: boolean,
  ): number;
  /** The number of bytes, or minus the number that would be needed. */
  tokenToPiece(
    vocabulary: bigint,
    token: number,
    bytes: Uint8Array,
    most: number,
    leftStrip: number,
    special: boolean,
  ): number;
}

/** Calls that take long and leave this thread free. */
export interface LlamaAsideApi {
  readonly adapterLoraInit: (model: bigint, path: string) => Promise<bigint | null>;
}

/** The prototypes, compared with the header by the contract test. */
export const LLAMA_PROTOTYPES: { readonly [Name in keyof LlamaApi]: string } = {
  backendInit: "void llama_backend_init(void)",
  logSet: "void llama_log_set(void *log_callback, void *user_data)",
  modelDefaultParams: "llama_model_params llama_model_default_params(void)",
  contextDefaultParams: "llama_context_params llama_context_default_params(void)",
  modelLoadFromFile: "void *llama_model_load_from_file(const char *path_model, llama_model_params params)",
  modelGetVocab: "void *llama_model_get_vocab(void *model)",
  modelNHead: "int32_t llama_model_n_head(void *model)",
  initFromModel: "void *llama_init_from_model(void *model, llama_context_params params)",
  free: "void llama_free(void *ctx)",
  getMemory: "void *llama_get_memory(void *ctx)",
  memorySeqRm: "bool llama_memory_seq_rm(void *mem, int32_t seq_id, int32_t p0, int32_t p1)",
  memorySeqCp:
    "void llama_memory_seq_cp(void *mem, int32_t seq_id_src, int32_t seq_id_dst, int32_t p0, int32_t p1)",
  memorySeqPosMax: "int32_t llama_memory_seq_pos_max(void *mem, int32_t seq_id)",
  decode: "int32_t llama_decode(void *ctx, llama_batch batch)",
  synchronize: "void llama_synchronize(void *ctx)",
  getLogitsIth: "void *llama_get_logits_ith(void *ctx, int32_t i)",
  adapterLoraInit: "void *llama_adapter_lora_init(void *model, const char *path_lora)",
  adapterLoraFree: "void llama_adapter_lora_free(void *adapter)",
  setAdaptersLora:
    "int32_t llama_set_adapters_lora(void *ctx, void *adapters, size_t n_adapters, void *scales)",
  vocabNTokens: "int32_t llama_vocab_n_tokens(void *vocab)",
  vocabIsEog: "bool llama_vocab_is_eog(void *vocab, int32_t token)",
  vocabBos: "int32_t llama_vocab_bos(void *vocab)",
  vocabGetAddBos: "bool llama_vocab_get_add_bos(void *vocab)",
  tokenize:
    "int32_t llama_tokenize(void *vocab, const void *text, int32_t text_len, void *tokens, int32_t n_tokens_max, bool add_special, bool parse_special)",
  tokenToPiece:
    "int32_t llama_token_to_piece(void *vocab, int32_t token, void *buf, int32_t length, int32_t lstrip, bool special)",
};

/** Calls on other threads that are under way. What llama.cpp says in them must not come to a callback of this one. */
let aside = 0;

/** Binds what is called on a thread of its own. */
export function bindLlamaAside(library: LibraryHandle): LlamaAsideApi {
  const init = library.func(LLAMA_PROTOTYPES.adapterLoraInit);
  const call = promisify<bigint, string, bigint | null>(init.async);
  return {
    adapterLoraInit: async (model, path) => {
      aside += 1;
      try {
        return await call(model, path);
      } finally {
        aside -= 1;
      }
    },
  };
}

/** Binds every function; throws when the library lacks one. */
export function bindLlama(library: LibraryHandle): LlamaApi {
  const bound = Object.entries(LLAMA_PROTOTYPES).map(([name, prototype]) => [name, library.func(prototype)]);
  return Object.fromEntries(bound) as LlamaApi;
}

const LOG_WARN = 3; // ggml_log_level
const LOG_CONTINUED = 5;

/** What a call gave, and what llama.cpp said meanwhile. */
export interface Logged<T> {
  readonly result: T;
  /** What it warned of and complained about, one line; "" for nothing. */
  readonly complaints: string;
  /** All lines. */
  readonly lines: readonly string[];
}

/**
 * What llama.cpp says while `work` runs, which stays on this thread. Whatever it prints at other times, and also here while
 * a call is under way on another thread, goes to standard error.
 */
export function withLlamaLog<T>(llama: LlamaApi, work: () => T): Logged<T> {
  if (aside > 0) return { result: work(), complaints: "", lines: [] };
  let complaints = "";
  let all = "";
  let isComplaint = false;
  const collect = (level: number, text: string) => {
    if (level !== LOG_CONTINUED) isComplaint = level >= LOG_WARN;
    if (isComplaint) complaints += text;
    all += text;
  };
  const callback = koffi.register(
    collect,
    koffi.pointer(koffi.proto("void (int level, const char *text, void *user)")),
  );
  llama.logSet(callback, null);
  try {
    const result = work();
    return { result, complaints: complaints.trim().replaceAll(/\s*\n\s*/g, "; "), lines: all.split("\n") };
  } finally {
    llama.logSet(null, null);
    koffi.unregister(callback);
  }
}
