import type { AdapterTensor, Parameter } from "../llama/index.ts";

/** Cuts flat parameters into their matrices; the values are views. */
export function splitFlat(parameters: readonly Parameter[], flat: Float32Array): AdapterTensor[] {
  let from = 0;
  return parameters.map(({ name, rows, columns }) => {
    const values = flat.subarray(from, from + rows * columns);
    from += values.length;
    return { name, rows, columns, values };
  });
}
