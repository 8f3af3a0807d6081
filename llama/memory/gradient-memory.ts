import { describeModel, openGguf } from "../gguf/index.ts";
import { openDryBackend } from "../gradients/dry-backend.ts";
import { openGradientModel } from "../gradients/gradient-model.ts";
import { limitsFor, memoryOf } from "../gradients/memory-limits.ts";
import { sourceOf } from "../gradients/tensor-source.ts";
import { loadWeights } from "../gradients/weights.ts";
import { loadLibraries } from "../native/libraries.ts";
import type { GradientMemory, GradientSizes } from "./protocol.ts";

const NOTHING = new Uint8Array();

/** Goes through a micro-batch of every lane with a backend that only counts. */
export async function gradientMemory(sizes: GradientSizes): Promise<GradientMemory> {
  const { gguf, trainable, microBatch, withReference } = sizes;
  await using file = await openGguf(gguf);
  const shape = describeModel(file, gguf);
  const libraries = loadLibraries(sizes.device);
  const lanes = libraries.device.kind === "cpu" ? (sizes.lanes ?? 1) : 1;
  const dry = openDryBackend(libraries);
  const { backend } = dry;
  const source = { ...sourceOf(file), read: async () => NOTHING };
  const weights = await loadWeights(backend, source, trainable.kind === "all");
  const usual = limitsFor(memoryOf(libraries.device) / lanes);
  const limits = { ...usual, keptBytes: sizes.keptBytes ?? usual.keptBytes };
  const backends = Array.from({ length: lanes }, () => backend);
  const model = openGradientModel({ backend, shape, weights }, backends, trainable, limits);
  const ofModel = dry.mostBytes;
  if (withReference && trainable.kind !== "all") await model.forward(microBatch, "off");
  const { logpT } = await model.forward(microBatch, "trained");
  await model.backward(logpT);
  return {
    weights: ofModel,
    computing: lanes * (dry.mostBytes - ofModel), // They share nothing that a call needs.
    process: process.memoryUsage().rss,
  };
}
