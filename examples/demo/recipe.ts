import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { CURRICULUM, pairsOf } from "./curriculum.ts";

/** Texts of each phase that stand for all of them. */
const PAIRS = 200;

/**
 * SHA-256 of everything that decides what the demo's model is, as metadata that the committed model carries:
 *
 * - `rollout-fleet.demo.texts`: the curriculum, and the first texts of each of its phases
 * - `rollout-fleet.demo.tokenizer`: the tokenizer
 * - `rollout-fleet.demo.recipe`: shape and training of the model
 */
export async function recipeMetadata(): Promise<ReadonlyMap<string, string>> {
  const texts = CURRICULUM.map((phase) => [phase, pairsOf(phase).take(PAIRS).toArray()]);
  return new Map([
    ["rollout-fleet.demo.texts", digestOf(texts)],
    ["rollout-fleet.demo.tokenizer", digestOf(JSON.parse(await read("tokenizer.json")))],
    ["rollout-fleet.demo.recipe", digestOf(parse(await read("sft.yaml")))],
  ]);
}

function read(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, name), "utf8");
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
