/**
 * Makes the demo's model again:
 *
 *   node examples/demo/make-model.ts
 *
 * Writes what it is taught, and teaches it with `fleet sft`. The model carries the digests of all that it was
 * made of.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { recipeMetadata } from "./recipe.ts";

const folder = import.meta.dirname;
const fleet = join(folder, "..", "..", "bin", "fleet.mjs");

run(join(folder, "make-sft.ts"));
const digests = [...(await recipeMetadata())].flatMap(([key, digest]) => ["--metadata", `${key}=${digest}`]);
run(fleet, "sft", join(folder, "sft.yaml"), "--device", "cpu", ...digests);

/** Runs a program of this project to its end; ends with its exit code when it fails. */
function run(...programAndArguments: string[]): void {
  const { status } = spawnSync(process.execPath, programAndArguments, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
