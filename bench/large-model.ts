import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeTinyModel } from "../test/support/tiny-model.ts";

const FILE = "llama-8x512-vocabulary-128256-q8_0.gguf";

/**
 * A Llama of random weights with a real-size vocabulary: 8 layers × 512, 128,256 tokens, Q8_0. Written once, into the
 * cache folder.
 *
 * @returns its file
 */
export async function largeModel(): Promise<string> {
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "rollout-fleet", "bench");
  const path = join(folder, FILE);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeTinyModel(unfinished, {
    type: "Q8_0",
    vocabulary: 128_256,
    layers: 8,
    embedding: 512,
    heads: 8,
    kvHeads: 8,
    feedForward: 1536,
    contextTokens: 8192,
    isTied: true,
  });
  await rename(unfinished, path);
  return path;
}
