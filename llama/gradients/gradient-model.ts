import { FleetError } from "../../core/index.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import type { MicroBatch } from "./micro-batch.ts";
import { declareParameters } from "./parameter-sets.ts";
import { countValues, type Parameter, readValues, takeGradients, writeValues } from "./parameters.ts";
import { type ForwardResult, type ModelOnDevice, openPlan, type Plan } from "./plan.ts";
import type { ForwardAdapter } from "./protocol.ts";
import type { Trainable } from "./trainable.ts";

/** A model with what is trained of it, on a device, in this process. */
export interface GradientModel extends Disposable {
  readonly parameters: readonly Parameter[];
  readParameters(): Float32Array;
  writeParameters(flat: Float32Array): void;
  forward(batch: MicroBatch, adapter: ForwardAdapter): ForwardResult;
  backward(coefficientsT: Float32Array): void;
  takeGradients(): Float32Array;
}

/** A call that the calls before it do not allow, or that this kind of training does not have. */
class GradientCallError extends FleetError {
  readonly code = "llama.gradient_call";
  readonly disposition = "fatal";
}

/**
 * Puts what is trained next to a model.
 *
 * @param limits - on the memory of one micro-batch
 */
export function openGradientModel(
  model: ModelOnDevice,
  trainable: Trainable,
  limits: MemoryLimits,
): GradientModel {
  const { backend, weights } = model;
  const store = backend.openStore(16 + 8 * weights.all.length);
  const { tensors, trained, frozen } = declareParameters(store, model, trainable);
  store.allocate();
  const allocators = { trained: backend.openAllocator(), frozen: backend.openAllocator() };
  let kept: Plan | null = null;

  const dropKept = () => {
    kept?.[Symbol.dispose]();
    kept = null;
  };
  const forwardTrained = (batch: MicroBatch): ForwardResult => {
    dropKept();
    kept = openPlan(model, trained, batch, {
      allocator: allocators.trained,
      withBackward: true,
      limits,
    });
    return kept.forward();
  };
  const forwardFrozen = (batch: MicroBatch, adapter: "off" | Float32Array): ForwardResult => {
    if (frozen === null)
      throw new GradientCallError("where all weights are trained there is no model without what is trained");
    const values = adapter === "off" ? new Float32Array(countValues(frozen.tensors)) : adapter;
    writeValues(backend, frozen.tensors, values);
    using plan = openPlan(model, frozen, batch, {
      allocator: allocators.frozen,
      withBackward: false,
      limits,
    });
    return plan.forward();
  };
  return {
    parameters: tensors.map(({ name, rows, columns }) => ({ name, rows, columns })),
    readParameters: () => readValues(backend, tensors),
    writeParameters: (flat) => writeValues(backend, tensors, flat),
    forward: (batch, adapter) =>
      adapter === "trained" ? forwardTrained(batch) : forwardFrozen(batch, adapter),
    backward(coefficientsT) {
      if (kept === null)
        throw new GradientCallError("backward needs a forward of what is trained, one for each backward");
      if (coefficientsT.length !== kept.predicted)
        throw new GradientCallError(
          `backward was given ${coefficientsT.length} coefficients for ${kept.predicted} predicted tokens`,
        );
      kept.backward(coefficientsT);
      dropKept();
    },
    takeGradients: () => takeGradients(backend, tensors),
    [Symbol.dispose]() {
      dropKept();
      for (const allocator of Object.values(allocators)) backend.api.base.gallocrFree(allocator);
      store[Symbol.dispose]();
    },
  };
}
