import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { makeDemoData } from "./demo-data.ts";

const DEMO = resolve("examples/demo");

/**
 * Writes a run.yaml of the demo's model and data with two prompts of four samples a step and no evaluation, and the
 * data beside it.
 *
 * @param changes - sections in place of its own
 * @returns its path
 */
export async function writeSmallDemo(
  folder: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<string> {
  await makeDemoData(join(folder, "data"));
  const run = parse(await readFile(join(DEMO, "run.yaml"), "utf8"));
  const path = join(folder, "run.yaml");
  const small = {
    ...run,
    model: { ...run.model, gguf: join(DEMO, run.model.gguf) },
    dataset: { train: [join(folder, "data", "train.jsonl")], prompt: join(DEMO, run.dataset.prompt) },
    batch: { prompts: 2, group: 4 },
    eval: {},
    ...changes,
  };
  await writeFile(path, stringify(small));
  return path;
}
