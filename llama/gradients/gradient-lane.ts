import { FleetError } from "../../core/index.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import type { MicroBatch } from "./micro-batch.ts";
import type { ParameterSets } from "./parameter-sets.ts";
import { clearGradients, countValues, takeGradients, writeValues } from "./parameters.ts";
import { type ForwardResult, type ModelOnDevice, openPlan, type Plan } from "./plan.ts";
import type { ForwardAdapter } from "./protocol.ts";

/** One micro-batch at a time. Lanes of a model share its weights and parameters, and nothing that a call changes. */
export interface GradientLane extends Disposable {
  forward(batch: MicroBatch, adapter: ForwardAdapter): Promise<ForwardResult>;
  /** The gradient of the last "trained" forward, flat. */
  backward(coefficientsT: Float32Array): Promise<Float32Array>;
}

/** A call that the calls before it do not allow, or that this kind of training does not have. */
class GradientCallError extends FleetError {
  readonly code = "llama.gradient_call";
  readonly disposition = "fatal";
}

/** Opens a lane. @param model - with the lane's own backend */
export function openGradientLane(
  model: ModelOnDevice,
  { tensors, trained, frozen }: ParameterSets,
  limits: MemoryLimits,
): GradientLane {
  const { backend } = model;
  const allocators = { trained: backend.openAllocator(), frozen: backend.openAllocator() };
  const order = inOrder();
  let kept: Plan | null = null;

  const dropKept = () => {
    kept?.[Symbol.dispose]();
    kept = null;
  };
  const forwardTrained = (batch: MicroBatch): Promise<ForwardResult> => {
    dropKept();
    kept = openPlan(model, trained, batch, {
      allocator: allocators.trained,
      withBackward: true,
      limits,
    });
    return kept.forward();
  };
  const forwardFrozen = async (batch: MicroBatch, adapter: "off" | Float32Array): Promise<ForwardResult> => {
    if (frozen === null)
      throw new GradientCallError("where all weights are trained there is no model without what is trained");
    const values = adapter === "off" ? new Float32Array(countValues(frozen.tensors)) : adapter;
    writeValues(backend, frozen.tensors, values);
    using plan = openPlan(model, frozen, batch, {
      allocator: allocators.frozen,
      withBackward: false,
      limits,
    });
    return await plan.forward();
  };
  const backward = async (coefficientsT: Float32Array): Promise<Float32Array> => {
    if (kept === null)
      throw new GradientCallError("backward needs a forward of what is trained, one for each backward");
    if (coefficientsT.length !== kept.predicted)
      throw new GradientCallError(
        `backward was given ${coefficientsT.length} coefficients for ${kept.predicted} predicted tokens`,
      );
    try {
      await kept.backward(coefficientsT);
      return takeGradients(backend, tensors);
    } catch (error) {
      clearGradients(backend, tensors); // Of a part of this micro-batch.
      throw error;
    } finally {
      dropKept();
    }
  };
  return {
    forward: (batch, adapter) =>
      order(() => (adapter === "trained" ? forwardTrained(batch) : forwardFrozen(batch, adapter))),
    backward: (coefficientsT) => order(() => backward(coefficientsT)),
    [Symbol.dispose]() {
      dropKept();
      for (const allocator of Object.values(allocators)) allocator[Symbol.dispose]();
    },
  };
}

/** Runs calls one after the other, in the order in which they are made. */
function inOrder(): <Result>(call: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (call) => {
    const result = last.then(call);
    last = result.catch(() => {});
    return result;
  };
}
