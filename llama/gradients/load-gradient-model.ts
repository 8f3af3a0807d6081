import { describeModel, type GgufFile } from "../gguf/index.ts";
import type { GgmlDevice } from "../native/libraries.ts";
import type { Backend } from "./backend.ts";
import { type GradientModel, openGradientModel } from "./gradient-model.ts";
import { limitsFor, memoryOf } from "./memory-limits.ts";
import type { GradientOptions } from "./protocol.ts";
import type { LlamaShape } from "./trainable.ts";
import { loadWeights, type TensorSource } from "./weights.ts";

/** What a file's model becomes on a device. */
export interface LoadedGradientModel {
  readonly shape: LlamaShape;
  readonly model: GradientModel;
}

/** Micro-batches that are computed at once on a device. */
export function lanesOn(
  { kind }: Pick<GgmlDevice, "kind">,
  { lanes = 1 }: Pick<GradientOptions, "lanes">,
): number {
  return kind === "cpu" ? lanes : 1;
}

/**
 * Puts the model of a file, and what is trained of it, on a device.
 *
 * @param device - whose memory bounds what a micro-batch may keep
 * @param backend - holds the model
 * @param backends - one a lane, of the same device
 * @param source - of the file's tensors
 */
export async function loadGradientModel(
  file: GgufFile,
  { gguf, trainable, keptBytes }: Pick<GradientOptions, "gguf" | "trainable" | "keptBytes">,
  device: GgmlDevice,
  backend: Backend,
  backends: readonly Backend[],
  source: TensorSource,
): Promise<LoadedGradientModel> {
  const shape = describeModel(file, gguf);
  const weights = await loadWeights(backend, source, trainable.kind === "all");
  const usual = limitsFor(memoryOf(device) / backends.length);
  const limits = { ...usual, keptBytes: keptBytes ?? usual.keptBytes };
  return { shape, model: openGradientModel({ backend, shape, weights }, backends, trainable, limits) };
}
