import type { Engine } from "../llama/index.ts";

/** The adapters that one engine has loaded, by digest. */
export interface AdapterShelf {
  /**
   * Makes an adapter ready to be activated; "" is the base and always ready. Concurrent calls for one adapter share
   * the work; a failed one is forgotten, so that the next call tries again.
   *
   * @throws what the store or the engine throws
   */
  ensure(adapter: string): Promise<void>;
  /** Frees every loaded adapter that is not in `keep`. */
  prune(keep: ReadonlySet<string>): Promise<void>;
}

/**
 * An empty shelf.
 *
 * @param fetch - the adapter's verified bytes; rejects rather than give others
 * @param onDone - told how long each phase of making one ready took
 */
export function createAdapterShelf(
  engine: Pick<Engine, "loadAdapter" | "dropAdapter">,
  fetch: (adapter: string) => Promise<Uint8Array>,
  onDone: (phase: "download" | "load", seconds: number, adapter: string) => void = () => {},
): AdapterShelf {
  const loaded = new Map<string, Promise<void>>();

  async function load(adapter: string): Promise<void> {
    try {
      const startedMs = performance.now();
      const bytes = await fetch(adapter);
      const fetchedMs = performance.now();
      onDone("download", (fetchedMs - startedMs) / 1_000, adapter);
      await engine.loadAdapter(adapter, bytes);
      onDone("load", (performance.now() - fetchedMs) / 1_000, adapter);
    } catch (error) {
      loaded.delete(adapter);
      throw error;
    }
  }

  return {
    ensure: async (adapter) => {
      if (adapter === "") return;
      const loading = loaded.get(adapter) ?? load(adapter);
      loaded.set(adapter, loading);
      await loading;
    },
    prune: async (keep) => {
      for (const adapter of [...loaded.keys()].filter((name) => !keep.has(name))) {
        await loaded.get(adapter);
        await engine.dropAdapter(adapter);
        loaded.delete(adapter);
      }
    },
  };
}
