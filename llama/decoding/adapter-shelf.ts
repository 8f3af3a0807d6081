import { AdapterError } from "../gguf/index.ts";
import { withLlamaLog } from "../native/llama-api.ts";
import { withMemoryFile } from "../native/memory-file.ts";
import type { LoadedModel } from "./load-model.ts";

/** Loaded adapters by digest. */
export interface AdapterShelf {
  /** Loads an adapter, or keeps it when it is there. */
  load(adapter: string, gguf: Uint8Array): void;
  /** The handle of an adapter; null for the empty digest, the base alone. */
  get(adapter: string): bigint | null;
  /** Marks an adapter as no longer wanted. */
  drop(adapter: string): void;
  /** Frees what is no longer wanted, except what is in use: llama.cpp must never see one freed that is set. */
  free(inUse: readonly string[]): void;
}

/** Creates an empty shelf. */
export function createAdapterShelf({ llama, handle }: LoadedModel): AdapterShelf {
  const loaded = new Map<string, bigint>();
  const unwanted = new Set<string>();
  return {
    load(adapter, gguf) {
      unwanted.delete(adapter);
      if (loaded.has(adapter)) return;
      const { result, complaints } = withLlamaLog(llama, () =>
        withMemoryFile(gguf, (file) => llama.adapterLoraInitFromFilePtr(handle, file)),
      );
      if (result === null) throw new AdapterError(`adapter ${adapter} does not fit the model: ${complaints}`);
      loaded.set(adapter, result);
    },
    get(adapter) {
      if (adapter === "") return null;
      const found = unwanted.has(adapter) ? undefined : loaded.get(adapter);
      if (found === undefined) throw new AdapterError(`adapter ${adapter} is not loaded`);
      return found;
    },
    drop(adapter) {
      if (loaded.has(adapter)) unwanted.add(adapter);
    },
    free(inUse) {
      for (const [adapter, address] of loaded) {
        if (!unwanted.has(adapter) || inUse.includes(adapter)) continue;
        llama.adapterLoraFree(address);
        loaded.delete(adapter);
        unwanted.delete(adapter);
      }
    },
  };
}
