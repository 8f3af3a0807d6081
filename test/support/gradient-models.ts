import { describeModel, openGguf, typeCode } from "../../llama/gguf/index.ts";
import type { Backend } from "../../llama/gradients/backend.ts";
import { type GradientModel, openGradientModel } from "../../llama/gradients/gradient-model.ts";
import { limitsFor, type MemoryLimits } from "../../llama/gradients/memory-limits.ts";
import type { Trainable } from "../../llama/gradients/trainable.ts";
import { loadWeights } from "../../llama/gradients/weights.ts";

/** Limits that nothing small meets. */
export const WIDE = limitsFor(2 ** 40);

/** How {@link openModelHere} opens a model. */
export interface HereOptions {
  readonly trainable: Trainable;
  readonly limits?: MemoryLimits;
  /** One a lane; the first also holds the weights. */
  readonly backends: readonly [Backend, ...Backend[]];
  /** Llama 3's factors, one for each pair of a head's dimensions, where the file has none. */
  readonly ropeFactors?: Float32Array;
}

/** Opens what is trained of a GGUF in this process. Disposing frees the weights too. */
export async function openModelHere(path: string, options: HereOptions): Promise<GradientModel> {
  const { trainable, limits = WIDE, backends, ropeFactors } = options;
  const [backend] = backends;
  await using file = await openGguf(path);
  const tensors = [...file.tensors.values()].map(({ name, type, shape }) => ({
    name,
    type: typeCode(type),
    shape,
  }));
  const factors = ropeFactors && { name: "rope_freqs.weight", type: 0, shape: [ropeFactors.length] };
  const weights = await loadWeights(
    backend,
    {
      tensors: factors ? [...tensors, factors] : tensors,
      async read(name) {
        const tensor = file.tensors.get(name);
        if (tensor !== undefined) return file.readRows(tensor);
        return new Uint8Array(ropeFactors?.buffer ?? new ArrayBuffer());
      },
    },
    trainable.kind === "all",
  );
  const onDevice = { backend, shape: describeModel(file, path), weights };
  const model = openGradientModel(onDevice, backends, trainable, limits);
  return {
    ...model,
    [Symbol.dispose]() {
      model[Symbol.dispose]();
      weights[Symbol.dispose]();
    },
  };
}
