import { createRandom } from "../../../core/index.ts";
import { mutate } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/** Input number `number` of a target: the samples themselves first, then what is made of them. Always the same one. */
export function inputOf(
  target: FuzzTarget,
  samples: readonly Uint8Array[],
  seed: string,
  number: number,
): Uint8Array {
  const sample = samples[number];
  if (sample !== undefined) return sample;
  const random = createRandom(`${seed}/${target.name}/${number}`);
  if (target.lie !== undefined && random() < 0.3) return target.lie(random);
  const changed = mutate(random, samples);
  return target.seal !== undefined && random() < 0.7 ? target.seal(changed) : changed;
}
