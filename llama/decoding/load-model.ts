import { FleetError } from "../../core/index.ts";
import type { Device, GgmlDevice } from "../native/libraries.ts";
import { loadLibraries } from "../native/libraries.ts";
import {
  bindLlama,
  bindLlamaAside,
  type LlamaApi,
  type LlamaAsideApi,
  withLlamaLog,
} from "../native/llama-api.ts";
import { LOAD_MODE } from "../native/llama-structs.ts";

/** llama.cpp cannot load a model. */
export class ModelLoadError extends FleetError {
  readonly code = "llama.model_not_loaded";
  readonly disposition = "reject";
}

/** A model in memory, for the process's life. */
export interface LoadedModel {
  readonly llama: LlamaApi;
  readonly aside: LlamaAsideApi;
  readonly device: GgmlDevice;
  readonly handle: bigint;
  readonly vocabularyHandle: bigint;
  /** Tokens in the vocabulary. */
  readonly vocabulary: number;
  /** Attention heads of a layer. */
  readonly heads: number;
}

/** How a model is loaded. */
export interface LoadOptions {
  /**
   * Whether a CPU may hold copies of weights in the order that its kernels like; they give other logits at 2 rows than
   * at 8.
   */
  readonly isRepacked?: boolean;
  /** Whether it is only described: its contexts say what they would take, and cannot compute. */
  readonly isDry?: boolean;
}

/**
 * Loads a GGUF: mapped on the CPU, copied to a GPU.
 * @throws {LibraryError} when the device cannot be used
 * @throws {ModelLoadError} with llama.cpp's own words
 */
export function loadModel(
  gguf: string,
  asked: Device,
  { isRepacked = false, isDry = false }: LoadOptions = {},
): LoadedModel {
  const { llama: library, device } = loadLibraries(asked);
  const llama = bindLlama(library);
  llama.backendInit();
  const onCpu = device.kind === "cpu";
  const params = {
    ...llama.modelDefaultParams(),
    devices: onCpu ? null : BigUint64Array.of(device.handle, 0n),
    n_gpu_layers: onCpu ? 0 : -1,
    load_mode: isDry ? LOAD_MODE.read : LOAD_MODE.usual, // A dry model cannot be mapped.
    use_extra_bufts: isRepacked,
    no_alloc: isDry,
  };
  const { result: handle, complaints } = withLlamaLog(llama, () => llama.modelLoadFromFile(gguf, params));
  if (handle === null) throw new ModelLoadError(`cannot load ${gguf}: ${complaints}`);
  const vocabularyHandle = llama.modelGetVocab(handle);
  return {
    llama,
    aside: bindLlamaAside(library),
    device,
    handle,
    vocabularyHandle,
    vocabulary: llama.vocabNTokens(vocabularyHandle),
    heads: llama.modelNHead(handle),
  };
}
