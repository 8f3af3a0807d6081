import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * SHA-256 of everything that decides what the demo's model is, as metadata that the committed model carries:
 *
 * - `rollout-fleet.demo.generator`: problems, replies and lessons, and the curriculum made of them
 * - `rollout-fleet.demo.tokenizer`: the tokenizer
 * - `rollout-fleet.demo.recipe`: shape and training of the model
 */
export async function recipeMetadata(): Promise<Map<string, string>> {
  const taskFiles = (await readdir(join(import.meta.dirname, "task"))).sort().map((name) => `task/${name}`);
  return new Map([
    ["rollout-fleet.demo.generator", await digestOf([...taskFiles, "curriculum.ts"])],
    ["rollout-fleet.demo.tokenizer", await digestOf(["tokenizer.json"])],
    ["rollout-fleet.demo.recipe", await digestOf(["sft.yaml"])],
  ]);
}

/** @param paths - relative to this folder */
async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(`${path}\n`).update(await readFile(join(import.meta.dirname, path)));
  return hash.digest("hex");
}
