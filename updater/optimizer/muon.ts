/**
 * Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/): momentum whose update of a matrix is
 * orthogonalized, so that all its singular values are about one.
 *
 * @module
 */
import type { Slice } from "./adamw.ts";

const MOMENTUM = 0.95;
/** Decay of the parameters, times the learning rate. */
const WEIGHT_DECAY = 0.05;

/** A matrix inside flat parameters, row by row. */
export interface MatrixSlice extends Slice {
  readonly rows: number;
  readonly columns: number;
}

/** A matrix of its own. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Replaces each matrix by a near-orthogonal one of the same shape. */
export type Orthogonalize = (matrices: readonly Matrix[]) => Promise<Float32Array[]>;

/** One update. */
export interface MuonUpdate {
  readonly gradient: Float32Array;
  /** What the gradient is multiplied by first. */
  readonly factor: number;
  readonly learningRate: number;
  readonly matrices: readonly MatrixSlice[];
}

/**
 * Updates the matrices of `parameters`, and `momentum`, in place.
 *
 * @param momentum - same length as the parameters; zeros before the first update
 */
export async function muon(
  parameters: Float32Array,
  momentum: Float32Array,
  update: MuonUpdate,
  orthogonalize: Orthogonalize,
): Promise<void> {
  const directions = await orthogonalize(update.matrices.map((matrix) => nesterov(matrix, momentum, update)));
  update.matrices.forEach((matrix, index) => {
    const direction = directions[index];
    if (direction?.length !== matrix.to - matrix.from) {
      throw new RangeError(`the direction of matrix ${index} has ${direction?.length} values`);
    }
    descend(parameters, matrix, direction, update.learningRate);
  });
}

/** The gradient plus its momentum, after the momentum took the gradient in. */
function nesterov(matrix: MatrixSlice, momentum: Float32Array, update: MuonUpdate): Matrix {
  const values = new Float32Array(matrix.to - matrix.from);
  for (let i = 0; i < values.length; i++) {
    const at = matrix.from + i;
    const gradient = (update.gradient[at] as number) * update.factor;
    const moved = MOMENTUM * (momentum[at] as number) + gradient;
    momentum[at] = moved;
    values[i] = gradient + MOMENTUM * moved;
  }
  return { rows: matrix.rows, columns: matrix.columns, values };
}

function descend(
  parameters: Float32Array,
  matrix: MatrixSlice,
  direction: Float32Array,
  learningRate: number,
): void {
  const keep = 1 - WEIGHT_DECAY * learningRate;
  // Tall matrices get larger updates, so that the change of their output has the same size.
  const rate = learningRate * Math.sqrt(Math.max(1, matrix.rows / matrix.columns));
  for (let i = 0; i < direction.length; i++) {
    const at = matrix.from + i;
    parameters[at] = (parameters[at] as number) * keep - rate * (direction[i] as number);
  }
}
