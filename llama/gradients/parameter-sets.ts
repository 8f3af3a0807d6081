import { PROJECTIONS } from "../gguf/index.ts";
import type { Pointer } from "../native/ggml-api.ts";
import { declareMatrix, type TensorStore } from "./backend.ts";
import {
  declareLora,
  type LayerParameters,
  type LoraAdapter,
  type LoraTarget,
  type ParameterTensor,
} from "./parameters.ts";
import type { ModelOnDevice } from "./plan.ts";
import type { Trainable } from "./trainable.ts";

/** What is trained as one lane sees it: values that all lanes share, gradients and a reference of its own. */
export interface ParameterSets {
  /** The same order in all lanes. */
  readonly tensors: readonly ParameterTensor[];
  readonly trained: LayerParameters;
  /** The adapter in the same places that stands for a reference. */
  readonly frozen: LoraAdapter | null;
}

/** Declares what is trained of a model, once for each lane; memory comes from the store. */
export function declareParameters(
  store: TensorStore,
  model: ModelOnDevice,
  trainable: Trainable,
  lanes: number,
): ParameterSets[] {
  if (trainable.kind === "all") return Array.from({ length: lanes }, () => declareAll(store, model));
  return declareAdapters(store, model, trainable, lanes);
}

function declareAdapters(
  store: TensorStore,
  { shape, weights }: ModelOnDevice,
  { rank, alpha, targets }: Extract<Trainable, { kind: "lora" }>,
  lanes: number,
): ParameterSets[] {
  const places = Array.from({ length: shape.layers }, (_, layer) =>
    PROJECTIONS.filter((target) => targets.includes(target)).map((target): LoraTarget => {
      const weight = `blk.${layer}.${target}.weight`;
      const { rows, columns } = weights.get(weight);
      return { weight, outputs: rows, inputs: columns };
    }),
  ).flat();
  const scale = alpha === 0 ? 1 : alpha / rank;
  const sets: ParameterSets[] = [];
  let values: { values?: LoraAdapter } = {};
  for (let lane = 0; lane < lanes; lane++) {
    const trained = declareLora(store, places, { rank, scale, gradients: true, ...values });
    const frozen = declareLora(store, places, { rank, scale, gradients: false });
    sets.push({ tensors: trained.tensors, trained, frozen });
    values = { values: trained };
  }
  return sets;
}

/** RoPE's factors are constants. */
function declareAll(store: TensorStore, { weights }: ModelOnDevice): ParameterSets {
  const gradients = new Map<string, Pointer>();
  const trained = weights.all.filter(({ name }) => name !== "rope_freqs.weight");
  const tensors = trained.map(({ name, rows, columns, tensor }): ParameterTensor => {
    const gradient = declareMatrix(store, columns, rows);
    gradients.set(name, gradient);
    return { name, rows, columns, value: tensor, gradient, transposed: false };
  });
  const parameters: LayerParameters = {
    loraOf: () => null,
    gradientOf: (tensor) => gradients.get(tensor) ?? null,
  };
  return { tensors, trained: parameters, frozen: null };
}
