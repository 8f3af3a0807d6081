import { PROJECTIONS } from "../gguf/index.ts";
import type { Pointer } from "../native/ggml-api.ts";
import { declareMatrix, type TensorStore } from "./backend.ts";
import type { MicroBatch } from "./micro-batch.ts";
import {
  declareLora,
  type LayerParameters,
  type LoraAdapter,
  type LoraTarget,
  type ParameterTensor,
  readValues,
  takeGradients,
  writeValues,
} from "./parameters.ts";
import { type ForwardResult, type ModelOnDevice, openPlan, type Plan } from "./plan.ts";
import type { Trainable } from "./trainable.ts";

/** A model with what is trained of it, on a device, in this process. */
export interface GradientModel extends Disposable {
  readonly parameters: readonly ParameterTensor[];
  readParameters(): Float32Array;
  writeParameters(flat: Float32Array): void;
  forward(batch: MicroBatch, adapter: "trained" | "off" | Float32Array): ForwardResult;
  backward(coefficientsT: Float32Array): void;
  takeGradients(): Float32Array;
}

/** Backward was asked for what no forward has prepared, or frozen parameters for what they cannot do. */
export class GradientOrderError extends RangeError {}

/**
 * Declares what is trained next to a model.
 *
 * @param keptBytes - values that a forward may keep for its backward; larger micro-batches keep the layers' inputs only
 */
export function openGradientModel(
  model: ModelOnDevice,
  trainable: Trainable,
  keptBytes: number,
): GradientModel {
  const { backend, weights } = model;
  const store = backend.openStore(16 + 8 * weights.all.length);
  const sets =
    trainable.kind === "lora" ? declareAdapters(store, model, trainable) : declareAll(store, model);
  store.allocate();
  const allocators = { trained: backend.openAllocator(), frozen: backend.openAllocator() };
  let plan: { plan: Plan; predicted: number } | null = null;

  const forwardTrained = (batch: MicroBatch): ForwardResult => {
    plan?.plan[Symbol.dispose]();
    plan = null;
    const opened = openPlan(model, sets.trained, batch, {
      allocator: allocators.trained,
      withBackward: true,
      mostBytes: keptBytes,
    });
    plan = { plan: opened, predicted: 0 };
    const result = opened.forward();
    plan = { plan: opened, predicted: result.logpT.length };
    return result;
  };
  const forwardFrozen = (batch: MicroBatch, adapter: "off" | Float32Array): ForwardResult => {
    if (sets.frozen === null)
      throw new GradientOrderError("there is no frozen adapter where all weights are trained");
    const { tensors } = sets.frozen;
    const count = tensors.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
    writeValues(backend, tensors, adapter === "off" ? new Float32Array(count) : adapter);
    using frozen = openPlan(model, sets.frozen, batch, {
      allocator: allocators.frozen,
      withBackward: false,
      mostBytes: keptBytes,
    });
    return frozen.forward();
  };
  return {
    parameters: sets.tensors,
    readParameters: () => readValues(backend, sets.tensors),
    writeParameters: (flat) => writeValues(backend, sets.tensors, flat),
    forward: (batch, adapter) =>
      adapter === "trained" ? forwardTrained(batch) : forwardFrozen(batch, adapter),
    backward(coefficientsT) {
      if (plan === null)
        throw new GradientOrderError("backward follows a forward of the trained parameters, once");
      const { plan: current, predicted } = plan;
      if (coefficientsT.length !== predicted)
        throw new GradientOrderError(
          `${coefficientsT.length} coefficients for ${predicted} predicted tokens`,
        );
      plan = null;
      current.backward(coefficientsT);
      current[Symbol.dispose]();
    },
    takeGradients: () => takeGradients(backend, sets.tensors),
    [Symbol.dispose]() {
      plan?.plan[Symbol.dispose]();
      backend.api.base.gallocrFree(allocators.trained);
      backend.api.base.gallocrFree(allocators.frozen);
      store[Symbol.dispose]();
    },
  };
}

/** What is trained, and the adapter in the same places that stands for a reference. */
interface ParameterSets {
  readonly tensors: readonly ParameterTensor[];
  readonly trained: LayerParameters;
  readonly frozen: LoraAdapter | null;
}

function declareAdapters(
  store: TensorStore,
  { shape, weights }: ModelOnDevice,
  { rank, alpha, targets }: Extract<Trainable, { kind: "lora" }>,
): ParameterSets {
  const places = Array.from({ length: shape.layers }, (_, layer) =>
    PROJECTIONS.filter((target) => targets.includes(target)).map((target): LoraTarget => {
      const weight = `blk.${layer}.${target}.weight`;
      const { rows, columns } = weights.get(weight);
      return { weight, outputs: rows, inputs: columns };
    }),
  ).flat();
  const scale = alpha === 0 ? 1 : alpha / rank;
  const trained = declareLora(store, places, { rank, scale, frozen: false });
  const frozen = declareLora(store, places, { rank, scale, frozen: true });
  return { tensors: trained.tensors, trained, frozen };
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
