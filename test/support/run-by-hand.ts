import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { readModelInfo } from "../../llama/index.ts";
import { createRunSecrets } from "../../transport/index.ts";
import { LoraConfig, openCheckpointStore } from "../../updater/index.ts";
import { tinyAdapter, writeTinyModel } from "./tiny-model.ts";

const INSTANCE = {
  id: "i1",
  issue: "`f` is wrong",
  files: { "a.py": "a = 1\n" },
  oracle: { "a.py": "a = 2\n" },
};

/** Writes `model.gguf`, `train.jsonl` and a `run.yaml` that works. Returns its content, paths relative to `folder`. */
export async function writeRunInputs(folder: string): Promise<Record<string, unknown>> {
  await writeTinyModel(join(folder, "model.gguf"));
  await writeFile(join(folder, "train.jsonl"), `${JSON.stringify(INSTANCE)}\n`);
  const run = {
    model: { gguf: "model.gguf", template: "raw", contextTokens: 512 },
    dataset: { train: ["train.jsonl"], prompt: "raw" },
    sampling: { maxTokens: 16 },
    local: { workers: [{ device: "cpu" }], updater: { device: "cpu" } },
    steps: 1,
  };
  await writeFile(join(folder, "run.yaml"), stringify(run));
  return run;
}

/** Makes the folder of a run as `fleet train` leaves it, with the inputs of {@link writeRunInputs} in `folder`. */
export async function writeRunFolder(
  folder: string,
  run: Readonly<Record<string, unknown>>,
  id: string,
  endpoints: Readonly<Record<string, unknown>>,
): Promise<string> {
  const path = join(folder, "runs", id);
  for (const part of ["secrets", "logs", "nats", "archive", "checkpoints"]) {
    await mkdir(join(path, part), { recursive: true });
  }
  const absolute = {
    ...run,
    model: { ...(run["model"] as object), gguf: join(folder, "model.gguf") },
    dataset: { train: [join(folder, "train.jsonl")], prompt: "raw" },
  };
  await writeFile(join(path, "run.yaml"), stringify(absolute));
  await writeFile(join(path, "secrets", "secrets.json"), JSON.stringify(createRunSecrets()));
  await writeFile(join(path, "endpoints.json"), JSON.stringify(endpoints));
  return path;
}

/** Puts a checkpoint of step 1 into a run: a random adapter for the model in `gguf`. */
export async function writeRunCheckpoint(runFolder: string, gguf: string): Promise<void> {
  const model = await readModelInfo(gguf);
  const { tensors, alpha } = tinyAdapter(model);
  const parameters = tensors.map(({ name, rows, columns }) => ({ name, rows, columns }));
  const lora = LoraConfig.parse({ rank: 4, alpha });
  const identity = { base: model.digest, seed: 0, lora, parameters };
  const store = await openCheckpointStore(join(runFolder, "checkpoints"), identity, {
    keepLast: 1,
    keepEvery: 0,
  });
  const length = tensors.reduce((sum, { values }) => sum + values.length, 0);
  const flat = new Float32Array(length);
  let from = 0;
  for (const { values } of tensors) {
    flat.set(values, from);
    from += values.length;
  }
  await store.save({
    step: 1,
    adapter: "",
    parameters: flat,
    moments: { mean: new Float32Array(length), square: new Float32Array(length), updates: 1 },
    batchDigest: "",
    skipped: "",
    nonFiniteSteps: 0,
    metrics: {},
  });
}
