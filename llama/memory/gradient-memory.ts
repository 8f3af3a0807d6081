import { openGguf } from "../gguf/index.ts";
import { openDryBackend } from "../gradients/dry-backend.ts";
import { lanesOn, loadGradientModel } from "../gradients/load-gradient-model.ts";
import { sourceOf } from "../gradients/tensor-source.ts";
import { loadLibraries } from "../native/libraries.ts";
import type { GradientMemory, GradientSizes } from "./protocol.ts";

const NOTHING = new Uint8Array();

/** Goes through a micro-batch of every lane with a backend that only counts. */
export async function gradientMemory(sizes: GradientSizes): Promise<GradientMemory> {
  const { gguf, trainable, microBatch, withReference } = sizes;
  await using file = await openGguf(gguf);
  const libraries = loadLibraries(sizes.device);
  const lanes = lanesOn(libraries.device, sizes);
  const dry = openDryBackend(libraries);
  const { backend } = dry;
  const source = { ...sourceOf(file), read: async () => NOTHING };
  const backends = Array.from({ length: lanes }, () => backend);
  const { model } = await loadGradientModel(file, sizes, libraries.device, backend, backends, source);
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
