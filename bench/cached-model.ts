import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../core/index.ts";
import { type TinyModel, writeTinyModel } from "../test/support/tiny-model.ts";

/**
 * A Llama of random weights, written once into the cache folder.
 *
 * @param name - of its file, without ending: says its shape
 * @returns the file
 */
export async function cachedModel(name: string, model: TinyModel): Promise<string> {
  const folder = cacheFolder("bench");
  const path = join(folder, `${name}.gguf`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  try {
    await writeTinyModel(unfinished, model);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

/** A Llama of 8 layers × 512 with a real-size vocabulary: 128,256 tokens, Q8_0. @returns its file */
export function largeModel(): Promise<string> {
  return cachedModel("llama-8x512-vocabulary-128256-q8_0", {
    type: "Q8_0",
    vocabulary: 128_256,
    layers: 8,
    embedding: 512,
    heads: 8,
    kvHeads: 8,
    feedForward: 1_536,
    contextTokens: 8_192,
    isTied: true,
  });
}
