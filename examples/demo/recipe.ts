import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** SHA-256 of everything that decides what the demo's model is. A committed model carries them. */
export interface RecipeDigests {
  /** Problems, replies and lessons, and the curriculum made of them. */
  readonly generator: string;
  readonly tokenizer: string;
  /** Shape and training of the model. */
  readonly recipe: string;
}

/** Digests of the files beside this one. */
export async function recipeDigests(): Promise<RecipeDigests> {
  const folder = import.meta.dirname;
  const taskFiles = (await readdir(join(folder, "task"))).sort().map((name) => join("task", name));
  return {
    generator: await digestOf(folder, [...taskFiles, "curriculum.ts"]),
    tokenizer: await digestOf(folder, ["tokenizer.json"]),
    recipe: await digestOf(folder, ["sft.yaml"]),
  };
}

async function digestOf(folder: string, paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(`${path}\n`).update(await readFile(join(folder, path)));
  return hash.digest("hex");
}
