import { createRandom } from "../../core/index.ts";

/** What texts are drawn from; an element may be several characters. */
export type Alphabet = readonly string[];

/** Seeded draws, fast enough for millions. */
export interface Draws {
  /** An integer from 0 below `count`. */
  below(count: number): number;
  one<T>(of: readonly T[]): T;
  /** So many letters. */
  letters(alphabet: Alphabet, count: number): string[];
}

/** Draws that depend on `name` alone; Marsaglia's 32-bit xorshift. */
export function createDraws(name: string): Draws {
  let state = 1 + Math.floor(createRandom(name)() * 0xfffffffe);
  const below = (count: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * count);
  };
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  return { below, one, letters: (alphabet, count) => Array.from({ length: count }, () => one(alphabet)) };
}

/** The letters with some of them lost, doubled or replaced: one in `rarity`. */
function slip(draws: Draws, alphabet: Alphabet, letters: readonly string[], rarity: number): string[] {
  return letters.flatMap((letter) => {
    if (draws.below(rarity) > 0) return [letter];
    return draws.one([[], [letter, letter], [draws.one(alphabet)], [letter, draws.one(alphabet)]]);
  });
}

const repeated = (period: readonly string[], count: number): string[] =>
  Array.from({ length: count }, (_, i) => period[i % period.length] as string);

/** Two texts of up to `most` letters: unrelated ones, one and its copy with slips, its parts in another order, or two periodic ones. */
export function drawPair(draws: Draws, alphabet: Alphabet, most: number): [string, string] {
  const first = draws.letters(alphabet, draws.below(most + 1));
  const cut = draws.below(first.length + 1);
  const period = draws.letters(alphabet, 1 + draws.below(5));
  const copied = slip(draws, alphabet, first, draws.one([3, 8, 30]));
  const pairs: [string[], string[]][] = [
    [first, draws.letters(alphabet, draws.below(most + 1))],
    [first, copied],
    [first, copied],
    [first, [...first.slice(cut), ...draws.letters(alphabet, 3), ...first.slice(0, cut)]],
    [
      repeated(period, draws.below(most + 1)),
      slip(draws, alphabet, repeated(period, draws.below(most + 1)), 20),
    ],
  ];
  const [a, b] = draws.one(pairs);
  return [a.join(""), b.join("")];
}
