import { stat } from "node:fs/promises";
import { cellsOf, initContext } from "../decoding/context.ts";
import { contextSizeOf } from "../decoding/lane.ts";
import { loadModel } from "../decoding/load-model.ts";
import { rowSamplerBytes } from "../decoding/row-sampler.ts";
import { isRepacked } from "../decoding/settings.ts";
import { describeModel, openGguf } from "../gguf/index.ts";
import type { EngineMemory, EngineSizes } from "./protocol.ts";

const BYTES = { f32: 4, f16: 2 };
const MIB = 2 ** 20;

/** Has llama.cpp reserve what it computes with, for a model whose weights and cells are only described. */
export async function engineMemory(sizes: EngineSizes): Promise<EngineMemory> {
  await using file = await openGguf(sizes.gguf);
  const { layers, kvHeads, headSize } = describeModel(file, sizes.gguf);
  const model = loadModel(sizes.gguf, sizes.device, { isDry: true, isRepacked: isRepacked(sizes) });
  const { vocabulary } = model;
  const size = contextSizeOf(sizes, model.device);
  const { lines } = initContext(model, size);
  return {
    weights: (await stat(sizes.gguf)).size,
    isShared: model.device.kind === "cpu" && !isRepacked(sizes),
    cells: cellsOf(size) * 2 * layers * kvHeads * headSize * BYTES[size.settings.cells],
    computing: buffersIn(lines),
    process:
      process.memoryUsage().rss + rowSamplerBytes({ rows: sizes.slots, vocabulary, threads: sizes.threads }),
  };
}

/** The sum of the buffers for computing and for outputs that llama.cpp says it reserved. */
function buffersIn(lines: readonly string[]): number {
  return lines
    .map((line) => /(?:compute|output) buffer size = +([\d.]+) MiB/.exec(line)?.[1] ?? 0)
    .reduce<number>((sum, mebibytes) => sum + Number(mebibytes) * MIB, 0);
}
