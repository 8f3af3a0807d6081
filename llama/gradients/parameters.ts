import { FleetError } from "../../core/index.ts";
import type { Pointer } from "../native/ggml-api.ts";
import { type Backend, declareMatrix, type TensorStore } from "./backend.ts";

/** What of a model is trained, or what a frozen adapter adds to it, as the layers see it. */
export interface LayerParameters {
  /** The low-rank update of a weight matrix; null where it has none. */
  loraOf(weight: string): LoraTensors | null;
  /** Where the gradient of a tensor of the model itself is summed; null where it is frozen. */
  gradientOf(tensor: string): Pointer | null;
}

/** y += scale · B A x. Gradients are null in a frozen adapter. */
export interface LoraTensors {
  readonly scale: number;
  /** [in, rank]. */
  readonly a: Pointer;
  /** B transposed, [out, rank], so that no product needs a transposed copy. */
  readonly b: Pointer;
  readonly gradientA: Pointer | null;
  readonly gradientB: Pointer | null;
}

/** A trained matrix as the interface states it: `rows` × `columns`, row-major. */
export interface Parameter {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

/** A parameter on the device. */
export interface ParameterTensor extends Parameter {
  readonly value: Pointer;
  readonly gradient: Pointer | null;
  /** The device holds columns × rows. */
  readonly transposed: boolean;
}

/** The matrices of a LoRA, in the order of the interface. */
export interface LoraAdapter extends LayerParameters {
  readonly tensors: readonly ParameterTensor[];
}

/** A weight matrix that gets a low-rank update: out × in. */
export interface LoraTarget {
  readonly weight: string;
  readonly outputs: number;
  readonly inputs: number;
}

/**
 * Declares an adapter; memory comes from the store.
 *
 * @param how.gradients - whether it has them; a frozen one does not
 * @param how.values - an adapter whose matrices it shares, where it only has gradients of its own
 */
export function declareLora(
  store: TensorStore,
  targets: readonly LoraTarget[],
  how: { rank: number; scale: number; gradients: boolean; values?: LoraAdapter },
): LoraAdapter {
  const { rank, scale, gradients, values } = how;
  const pairs = new Map<string, LoraTensors>();
  const tensors = targets.flatMap(({ weight, outputs, inputs }): ParameterTensor[] => {
    const pair: LoraTensors = {
      scale,
      a: values?.loraOf(weight)?.a ?? declareMatrix(store, inputs, rank),
      b: values?.loraOf(weight)?.b ?? declareMatrix(store, outputs, rank),
      gradientA: gradients ? declareMatrix(store, inputs, rank) : null,
      gradientB: gradients ? declareMatrix(store, outputs, rank) : null,
    };
    pairs.set(weight, pair);
    return [
      {
        name: `${weight}.lora_a`,
        rows: rank,
        columns: inputs,
        value: pair.a,
        gradient: pair.gradientA,
        transposed: false,
      },
      {
        name: `${weight}.lora_b`,
        rows: outputs,
        columns: rank,
        value: pair.b,
        gradient: pair.gradientB,
        transposed: true,
      },
    ];
  });
  return { tensors, loraOf: (weight) => pairs.get(weight) ?? null, gradientOf: () => null };
}

/** Flat parameters of another shape. */
class ParameterCountError extends FleetError {
  readonly code = "llama.parameter_count";
  readonly disposition = "fatal";
}

/** The values of all parameters, concatenated. */
export function readValues(backend: Backend, tensors: readonly ParameterTensor[]): Float32Array {
  return concatenate(tensors, ({ value }) => backend.download(value));
}

/** Overwrites all parameters. @throws {ParameterCountError} when the count is not theirs */
export function writeValues(backend: Backend, tensors: readonly ParameterTensor[], flat: Float32Array): void {
  const count = countValues(tensors);
  if (flat.length !== count)
    throw new ParameterCountError(`the parameters are ${count} numbers, ${flat.length} were given`);
  let offset = 0;
  for (const tensor of tensors) {
    const { rows, columns, value } = tensor;
    const matrix = flat.subarray(offset, offset + rows * columns);
    backend.upload(value, tensor.transposed ? transpose(matrix, rows, columns) : matrix);
    offset += rows * columns;
  }
}

/** The summed gradients, concatenated as the values are; the sums start again from zero. */
export function takeGradients(backend: Backend, tensors: readonly ParameterTensor[]): Float32Array {
  const sums = concatenate(tensors, ({ gradient }) => {
    if (gradient === null) throw new RangeError("a frozen parameter has no gradient");
    return backend.download(gradient);
  });
  clearGradients(backend, tensors);
  return sums;
}

/** Lets the sums start again from zero. */
export function clearGradients(backend: Backend, tensors: readonly ParameterTensor[]): void {
  for (const { gradient, columns, rows } of tensors) {
    if (gradient !== null) backend.upload(gradient, new Float32Array(columns * rows));
  }
}

function concatenate(
  tensors: readonly ParameterTensor[],
  read: (tensor: ParameterTensor) => Float32Array,
): Float32Array {
  const flat = new Float32Array(countValues(tensors));
  let offset = 0;
  for (const tensor of tensors) {
    const values = read(tensor);
    flat.set(tensor.transposed ? transpose(values, tensor.columns, tensor.rows) : values, offset);
    offset += values.length;
  }
  return flat;
}

/** How many numbers they are. */
export function countValues(tensors: readonly Parameter[]): number {
  return tensors.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = matrix[row * columns + column] ?? 0;
  return result;
}
