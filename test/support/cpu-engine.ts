import { createHash } from "node:crypto";
import { type Engine, openEngine } from "../../llama/index.ts";

/** Opens a decoding engine on the CPU, as exact as it gets: one thread, no flash attention, a float32 KV cache. */
export function openExactEngine(gguf: string, contextTokens = 128): Promise<Engine> {
  return openEngine({
    gguf,
    device: "cpu",
    slots: 2,
    contextTokens,
    threads: 1,
    template: "raw",
    exact: true,
  });
}

/** Loads an adapter. Returns its digest. */
export async function loadAdapter(engine: Engine, gguf: Uint8Array): Promise<string> {
  const adapter = createHash("sha256").update(gguf).digest("hex");
  await engine.loadAdapter(adapter, gguf);
  return adapter;
}
