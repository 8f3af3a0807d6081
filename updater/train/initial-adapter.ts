import { createRandom } from "../../core/index.ts";
import type { GradientEngine } from "../../llama/index.ts";

/**
 * The adapter that a run starts with: A uniform in ±1/√in, B zero, so that it changes nothing yet. Depends on the
 * seed and the parameters' names and shapes alone.
 *
 * @param parameters - of an engine that trains an adapter: `….lora_a` [rank × in] and `….lora_b` [out × rank]
 * @returns flat, in their order
 */
export function initialAdapter(parameters: GradientEngine["parameters"], seed: number): Float32Array {
  const flat = new Float32Array(parameters.reduce((sum, { rows, columns }) => sum + rows * columns, 0));
  let from = 0;
  for (const { name, rows, columns } of parameters) {
    const to = from + rows * columns;
    if (name.endsWith(".lora_a"))
      fillUniform(flat.subarray(from, to), 1 / Math.sqrt(columns), `${seed}/adapter/${name}`);
    from = to;
  }
  return flat;
}

function fillUniform(values: Float32Array, bound: number, name: string): void {
  const next = createRandom(name);
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * next() - 1);
}
