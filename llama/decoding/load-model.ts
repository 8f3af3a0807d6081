import { FleetError } from "../../core/index.ts";
import type { Device, GgmlDevice } from "../native/libraries.ts";
import { loadLibraries } from "../native/libraries.ts";
import { bindLlama, type LlamaApi, withLlamaLog } from "../native/llama-api.ts";

/** llama.cpp cannot load a model. */
export class ModelLoadError extends FleetError {
  readonly code = "llama.model_not_loaded";
  readonly disposition = "reject";
}

/** A model in memory, for the process's life. */
export interface LoadedModel {
  readonly llama: LlamaApi;
  readonly device: GgmlDevice;
  readonly handle: bigint;
  readonly vocabularyHandle: bigint;
  /** Tokens in the vocabulary. */
  readonly vocabulary: number;
  /** Attention heads of a layer. */
  readonly heads: number;
}

/**
 * Loads a GGUF: mapped on the CPU, copied to a GPU.
 *
 * @param isRepacked - whether a CPU may hold copies of weights in the order that its kernels like; they give other logits
 *   at 2 rows than at 8
 * @throws {LibraryError} when the device cannot be used
 * @throws {ModelLoadError} with llama.cpp's own words
 */
export function loadModel(gguf: string, asked: Device, isRepacked = false): LoadedModel {
  const { llama: library, device } = loadLibraries(asked);
  const llama = bindLlama(library);
  llama.backendInit();
  const onCpu = device.kind === "cpu";
  const params = {
    ...llama.modelDefaultParams(),
    devices: onCpu ? null : BigUint64Array.of(device.handle, 0n),
    n_gpu_layers: onCpu ? 0 : -1,
    use_extra_bufts: isRepacked,
  };
  const { result: handle, complaints } = withLlamaLog(llama, () => llama.modelLoadFromFile(gguf, params));
  if (handle === null) throw new ModelLoadError(`cannot load ${gguf}: ${complaints}`);
  const vocabularyHandle = llama.modelGetVocab(handle);
  return {
    llama,
    device,
    handle,
    vocabularyHandle,
    vocabulary: llama.vocabNTokens(vocabularyHandle),
    heads: llama.modelNHead(handle),
  };
}
