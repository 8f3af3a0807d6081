import { rowsAndColumns, type TensorType } from "../gguf/index.ts";
import { type ChangeRows, rewriteModel } from "./rewrite-model.ts";

/** Weights for a model of known shape. */
export interface TrainedModel {
  /** Path of the model whose metadata and tensor shapes are kept. */
  readonly base: string;
  /** Storage type of the matrices; vectors stay float32. */
  readonly type: TensorType;
  /** New values by GGUF name, row-major; tensors that are not named keep theirs. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Added to the metadata, such as the digests of what the model was made from. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Writes a model with new weights.
 *
 * @throws RangeError when a tensor's values are not as many as it has elements
 * @throws {ExportError} when ggml cannot store the matrices in this type
 */
export async function writeTrainedModel(path: string, model: TrainedModel): Promise<void> {
  await rewriteModel(path, model.base, {
    metadata: model.metadata,
    typeOf: ({ shape }) => (shape.length > 1 ? model.type : "F32"),
    changeOf: ({ name, shape }) => {
      const values = model.weights.get(name);
      return values === undefined ? null : replaceRows(name, values, rowsAndColumns(shape));
    },
  });
}

function replaceRows(
  name: string,
  values: Float32Array,
  { rows, columns }: { rows: number; columns: number },
): ChangeRows {
  if (values.length !== rows * columns)
    throw new RangeError(`${name} has ${rows * columns} elements, ${values.length} were given`);
  return (stored, from) => stored.set(values.subarray(from * columns, from * columns + stored.length));
}
