import { createHash } from "node:crypto";
import { type AdapterPair, checkAdapterFits, decodeAdapter, pairsOf, readModelInfo } from "../gguf/index.ts";
import { type ChangeRows, rewriteModel } from "./rewrite-model.ts";

/**
 * Writes a model with an adapter folded in: each weight W becomes W + scale · B · A, in the type that W is stored in. Of an
 * adapter that names no base, as llama.cpp's converter writes them, the shapes are compared alone.
 *
 * @param base - path of the model that the adapter belongs to
 * @param adapter - the adapter's GGUF
 * @param name - stands for it in errors
 * @throws {AdapterError} when the adapter belongs to another base
 * @throws {ExportError} when ggml cannot quantize to the base's types
 */
export async function writeMergedModel(
  path: string,
  base: string,
  adapter: Uint8Array,
  name?: string,
): Promise<void> {
  const decoded = decodeAdapter(adapter, name);
  const model = await readModelInfo(base);
  checkAdapterFits({ ...decoded, base: decoded.base || model.digest }, model, name);
  const pairs = new Map(pairsOf(decoded).map((pair) => [pair.weight, pair]));
  await rewriteModel(path, base, {
    metadata: new Map([
      ["fleet.base_digest", model.digest],
      ["fleet.adapter_digest", createHash("sha256").update(adapter).digest("hex")],
    ]),
    typeOf: ({ type }) => type,
    changeOf: ({ name }) => {
      const pair = pairs.get(name);
      return pair === undefined ? null : addProduct(pair);
    },
  });
}

/** Adds scale · B · A to rows. */
function addProduct(pair: AdapterPair): ChangeRows {
  const columns = pair.a.columns;
  return (values, from) => {
    for (let row = 0; row * columns < values.length; row++) {
      const update = productRow(pair, from + row);
      const start = row * columns;
      for (let column = 0; column < columns; column++)
        values[start + column] = (values[start + column] as number) + (update[column] as number);
    }
  };
}

/** A row of scale · B · A, summed in float64. */
function productRow({ a, b, scale }: AdapterPair, row: number): Float64Array {
  const sums = new Float64Array(a.columns);
  for (let inner = 0; inner < a.rows; inner++) {
    const factor = scale * (b.values[row * b.columns + inner] as number);
    const start = inner * a.columns;
    for (let column = 0; column < a.columns; column++)
      sums[column] = (sums[column] as number) + factor * (a.values[start + column] as number);
  }
  return sums;
}
