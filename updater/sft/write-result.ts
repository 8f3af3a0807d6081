import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileDurably } from "../../core/index.ts";
import { type GradientEngine, writeTrainedModel } from "../../llama/index.ts";
import { encodeFlatAdapter } from "../encode-adapter.ts";
import { splitFlat } from "../flat-parameters.ts";
import type { SftConfig } from "./config.ts";

/**
 * Writes what was trained: an adapter for the base, or a model with the base's metadata.
 *
 * @param base - path of the model that the engine was opened on
 * @param metadata - added to a model's
 */
export async function writeResult(
  { out, type, trainable }: SftConfig,
  engine: Pick<GradientEngine, "model" | "parameters">,
  parameters: Float32Array,
  base: string,
  metadata: ReadonlyMap<string, string>,
): Promise<void> {
  await mkdir(dirname(out), { recursive: true });
  if (trainable.kind === "lora") {
    const layout = { base: engine.model.digest, alpha: trainable.alpha, parameters: engine.parameters };
    await writeFileDurably(out, encodeFlatAdapter(layout, parameters));
    return;
  }
  const tensors = splitFlat(engine.parameters, parameters);
  const weights = new Map(tensors.map(({ name, values }) => [name, values]));
  const temporary = `${out}.part`;
  await writeTrainedModel(temporary, {
    base,
    type: type === "f32" ? "F32" : "Q8_0",
    weights,
    metadata,
  });
  await rename(temporary, out);
}
