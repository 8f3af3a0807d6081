import { AdapterError } from "../gguf/index.ts";
import { withLlamaLog } from "../native/llama-api.ts";
import type { LoadedModel } from "./load-model.ts";

/** Loaded adapters by digest. */
export interface AdapterShelf {
  /** Loads an adapter from its file beside whatever is being computed, or keeps it when it is there. */
  load(adapter: string, path: string): Promise<void>;
  /** The handle of an adapter; null for the empty digest, the base alone. */
  get(adapter: string): bigint | null;
  /** Marks an adapter as no longer wanted. */
  drop(adapter: string): void;
  /** Frees what is no longer wanted, except what is in use: llama.cpp must never see one freed that is set. */
  free(inUse: readonly string[]): void;
}

/** Creates an empty shelf. */
export function createAdapterShelf({ llama, aside, handle }: LoadedModel): AdapterShelf {
  const loaded = new Map<string, bigint>();
  const loading = new Map<string, Promise<void>>();
  let last: Promise<void> = Promise.resolve();
  const unwanted = new Set<string>();

  const loadNow = async (adapter: string, path: string) => {
    const address = (await aside.adapterLoraInit(handle, path)) ?? again(adapter, path);
    loaded.set(adapter, address);
  };
  /** llama.cpp keeps a list of a model's adapters, which one call at a time may change. */
  const inTurn = (adapter: string, path: string): Promise<void> => {
    const begun = last.then(() => loadNow(adapter, path)).finally(() => loading.delete(adapter));
    last = begun.catch(() => {});
    return begun;
  };
  /** On this thread, where what llama.cpp complains of can be heard. */
  const again = (adapter: string, path: string): bigint => {
    const { result, complaints } = withLlamaLog(llama, () => llama.adapterLoraInit(handle, path));
    if (result === null) throw new AdapterError(`adapter ${adapter} does not fit the model: ${complaints}`);
    return result;
  };
  return {
    async load(adapter, path) {
      unwanted.delete(adapter);
      if (loaded.has(adapter)) return;
      const begun = loading.get(adapter) ?? inTurn(adapter, path);
      loading.set(adapter, begun);
      await begun;
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
      if (loading.size > 0) return; // See `inTurn`.
      for (const [adapter, address] of loaded) {
        if (!unwanted.has(adapter) || inUse.includes(adapter)) continue;
        llama.adapterLoraFree(address);
        loaded.delete(adapter);
        unwanted.delete(adapter);
      }
    },
  };
}
