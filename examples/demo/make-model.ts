/**
 * Makes the demo's model again:
 *
 *   node examples/demo/make-model.ts
 *
 * Writes what it is taught, teaches it with `fleet sft`, and signs the result with the digests of all that it
 * was made of.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeTrainedModel } from "../../llama/index.ts";
import { recipeMetadata } from "./recipe.ts";

const folder = import.meta.dirname;

run(join(folder, "make-sft.ts"));
run(join(folder, "..", "..", "bin", "fleet.mjs"), "sft", join(folder, "sft.yaml"));
await mkdir(join(folder, "model"), { recursive: true });
await writeTrainedModel(join(folder, "model", "demo-q8_0.gguf"), {
  base: join(folder, "data", "sft", "demo-q8_0.gguf"),
  type: "Q8_0",
  weights: new Map(),
  metadata: await recipeMetadata(),
});

/** Runs a program of this project to its end; its exit code is ours when it fails. */
function run(...programAndArguments: string[]): void {
  const { status } = spawnSync(process.execPath, programAndArguments, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
