/**
 * Makes the demo's model again:
 *
 *   node examples/demo/make-model.ts [--threads N] [--check]
 *
 * Writes what it is taught, and teaches it with `fleet sft`. The model carries the digests of all that it was made of;
 * `--check` makes nothing and fails when the committed model was made of something else.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openGguf, textOf } from "../../llama/index.ts";
import { recipeMetadata } from "./recipe.ts";

const FOLDER = import.meta.dirname;
const FLEET = join(FOLDER, "..", "..", "bin", "fleet.mjs");
const MODEL = join(FOLDER, "model", "demo-q8_0.gguf");

const { values } = parseArgs({
  options: { threads: { type: "string", default: "1" }, check: { type: "boolean", default: false } },
});
const digests = await recipeMetadata();
if (values.check) await check();
else make();

function make(): void {
  run(join(FOLDER, "make-sft.ts"));
  const metadata = [...digests].flatMap(([key, digest]) => ["--metadata", `${key}=${digest}`]);
  run(FLEET, "sft", join(FOLDER, "sft.yaml"), "--device", "cpu", "--threads", values.threads, ...metadata);
}

async function check(): Promise<void> {
  await using model = await openGguf(MODEL);
  const stale = [...digests].filter(([key, digest]) => textOf(model.metadata, key) !== digest);
  for (const [key] of stale) {
    process.stderr.write(`${MODEL} is not current (${key}): run "make demo-model"\n`);
    process.exitCode = 1;
  }
}

/** Runs a program of this project to its end; ends with its exit code when it fails. */
function run(...programAndArguments: string[]): void {
  const { status } = spawnSync(process.execPath, programAndArguments, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
