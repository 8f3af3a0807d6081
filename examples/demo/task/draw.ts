import { createRandom, permutation } from "../../../core/index.ts";

/** Named, repeatable choices: the same name gives the same choices in the same order. */
export interface Draw {
  /** An integer, uniform in 0 … `count` − 1. */
  below(count: number): number;
  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** Two different members of `items`, in random order. */
  pickTwo<T>(items: readonly T[]): [T, T];
  /** `count` different members of `items`, in random order. */
  pickMany<T>(items: readonly T[], count: number): T[];
  /** True with the given probability. */
  chance(probability: number): boolean;
}

/** Opens the sequence of choices that belongs to `name`. */
export function createDraw(name: string): Draw {
  const next = createRandom(name);
  let shuffles = 0;
  const below = (count: number) => Math.floor(next() * count);
  const pick = <T>(items: readonly T[]) => items[below(items.length)] as T;
  return {
    below,
    pick,
    pickTwo: (items) => {
      const first = below(items.length);
      const second = (first + 1 + below(items.length - 1)) % items.length;
      return [items[first] as (typeof items)[number], items[second] as (typeof items)[number]];
    },
    pickMany: (items, count) =>
      permutation(items.length, `${name}/shuffle-${shuffles++}`)
        .slice(0, count)
        .map((index) => items[index] as (typeof items)[number]),
    chance: (probability) => next() < probability,
  };
}
