import type { Engine } from "../llama/index.ts";

/** The adapters that one engine has loaded, by digest. */
export interface AdapterShelf {
  /**
   * Makes an adapter ready to be activated; "" is the base and always ready. Concurrent calls for one adapter share
   * the work; a failed one is forgotten, so that the next call tries again.
   *
   * @param bytes - where they come from; left out: the store
   * @throws what the store or the engine throws
   */
  ensure(adapter: string, bytes?: AsyncIterable<Uint8Array>): Promise<void>;
  /** Frees every loaded adapter that is not in `keep`. */
  prune(keep: ReadonlySet<string>): Promise<void>;
}

/**
 * An empty shelf.
 *
 * @param fetch - the adapter's bytes as they arrive; the engine compares their SHA-256 before it uses them
 * @param onDone - told how long each phase of making one ready took
 */
export function createAdapterShelf(
  engine: Pick<Engine, "loadAdapter" | "dropAdapter">,
  fetch: (adapter: string) => AsyncIterable<Uint8Array>,
  onDone: (phase: "download" | "load", seconds: number, adapter: string) => void = () => {},
): AdapterShelf {
  const loaded = new Map<string, Promise<void>>();

  async function load(adapter: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      let sinceMs = performance.now();
      const done = (phase: "download" | "load") => {
        const nowMs = performance.now();
        onDone(phase, (nowMs - sinceMs) / 1_000, adapter);
        sinceMs = nowMs;
      };
      await engine.loadAdapter(
        adapter,
        untilEnd(bytes, () => done("download")),
      );
      done("load");
    } catch (error) {
      loaded.delete(adapter);
      throw error;
    }
  }

  return {
    ensure: async (adapter, bytes = fetch(adapter)) => {
      if (adapter === "") return;
      const loading = loaded.get(adapter) ?? load(adapter, bytes);
      loaded.set(adapter, loading);
      await loading;
    },
    prune: async (keep) => {
      for (const adapter of [...loaded.keys()].filter((name) => !keep.has(name))) {
        const isThere = await loaded.get(adapter)?.then(
          () => true,
          () => false,
        );
        if (!isThere) continue; // It could not be loaded.
        await engine.dropAdapter(adapter);
        loaded.delete(adapter);
      }
    },
  };
}

async function* untilEnd<T>(items: AsyncIterable<T>, onEnd: () => void): AsyncGenerator<T, void> {
  yield* items;
  onEnd();
}
