import type { Backend } from "./backend.ts";
import { openGradientLane } from "./gradient-lane.ts";
import { createGradientSum } from "./gradient-sum.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import type { MicroBatch } from "./micro-batch.ts";
import { declareParameters } from "./parameter-sets.ts";
import { countValues, type Parameter, readValues, writeValues } from "./parameters.ts";
import type { ForwardResult, ModelOnDevice } from "./plan.ts";
import type { ForwardAdapter } from "./protocol.ts";
import type { Trainable } from "./trainable.ts";

/** A model with what is trained of it, on a device, in this process. */
export interface GradientModel extends Disposable {
  readonly parameters: readonly Parameter[];
  readParameters(): Float32Array;
  writeParameters(flat: Float32Array): void;
  forward(batch: MicroBatch, adapter: ForwardAdapter, lane?: number): Promise<ForwardResult>;
  /** Adds to the sum, at a place of its own or after what is there. */
  backward(coefficientsT: Float32Array, lane?: number, place?: number): Promise<void>;
  takeGradients(): Float32Array;
}

/**
 * Puts what is trained next to a model.
 *
 * @param backends - one a lane, all of the model's device; the model's own among them or not
 * @param limits - on the memory of one micro-batch
 */
export function openGradientModel(
  model: ModelOnDevice,
  backends: readonly Backend[],
  trainable: Trainable,
  limits: MemoryLimits,
): GradientModel {
  const { backend, weights } = model;
  const store = backend.openStore(16 + 8 * weights.all.length * backends.length);
  const sets = declareParameters(store, model, trainable, backends.length);
  store.allocate();
  const tensors = sets[0]?.tensors ?? [];
  const sum = createGradientSum(countValues(tensors));
  const lanes = sets.map((set, index) =>
    openGradientLane({ ...model, backend: backends[index] ?? backend }, set, limits),
  );
  const laneAt = (index: number) => {
    const lane = lanes[index];
    if (lane === undefined) throw new RangeError(`lane ${index} of ${lanes.length}`);
    return lane;
  };
  return {
    parameters: tensors.map(({ name, rows, columns }) => ({ name, rows, columns })),
    readParameters: () => readValues(backend, tensors),
    writeParameters: (flat) => writeValues(backend, tensors, flat),
    forward: (batch, adapter, lane = 0) => laneAt(lane).forward(batch, adapter),
    async backward(coefficientsT, lane = 0, place) {
      sum.add(await laneAt(lane).backward(coefficientsT), place);
    },
    takeGradients: () => sum.take(),
    [Symbol.dispose]() {
      for (const lane of lanes) lane[Symbol.dispose]();
      store[Symbol.dispose]();
    },
  };
}
