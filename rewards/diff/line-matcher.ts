import type { Budget } from "../budget.ts";
import { type Block, type FindLongest, matchingBlocks, type Ranges } from "../similarity/matching-blocks.ts";

/** From so many lines on, difflib takes lines that are too frequent for noise. */
const AUTOJUNK_FROM = 200;

/**
 * The matching blocks of two lists of lines, as `difflib.SequenceMatcher(None, a, b)` finds them: with its
 * automatic junk rule, by which a frequent line starts no match but may be in one.
 */
export function matchLines(a: readonly string[], b: readonly string[], budget: Budget): Block[] {
  const numbers = new Map<string, number>();
  const numberOf = (line: string) => {
    const known = numbers.get(line) ?? numbers.size;
    numbers.set(line, known);
    return known;
  };
  const aLines = Int32Array.from(a, numberOf);
  const bLines = Int32Array.from(b, numberOf);
  return matchingBlocks(a.length, b.length, longestMatch(aLines, bLines, budget));
}

/** Line number → where the line is in b, rising; without the too frequent ones. */
function positionsOf(b: Int32Array): Map<number, number[]> {
  const positions = new Map<number, number[]>();
  b.forEach((line, index) => {
    const known = positions.get(line);
    if (known) known.push(index);
    else positions.set(line, [index]);
  });
  if (b.length < AUTOJUNK_FROM) return positions;
  const most = Math.floor(b.length / 100) + 1;
  return new Map([...positions].filter(([, indices]) => indices.length <= most));
}

function longestMatch(a: Int32Array, b: Int32Array, budget: Budget): FindLongest {
  const positions = positionsOf(b);
  /** Before each b index: length of the match that ends there, for the current a index and the one before. */
  let current = new Int32Array(b.length + 1);
  let previous = new Int32Array(b.length + 1);

  return (ranges) => {
    let best: Block = { a: ranges.aFrom, b: ranges.bFrom, size: 0 };
    let filled: readonly number[] = [];
    let operations = 0;
    for (let i = ranges.aFrom; i < ranges.aTo; i++) {
      const indices = positions.get(a[i] as number) ?? [];
      const end = lengthen(previous, current, indices, ranges, best.size);
      if (end !== null) best = { a: i + 1 - end.size, b: end.b + 1 - end.size, size: end.size };
      for (const j of filled) previous[j + 1] = 0;
      filled = indices;
      operations += indices.length + 1;
      [current, previous] = [previous, current];
    }
    for (const j of filled) previous[j + 1] = 0;
    budget.spend(operations);
    return widen(best, a, b, ranges);
  };
}

/**
 * Lengthens the matches that end one line earlier by a line that is at `indices` in b.
 *
 * @returns size and last b index of the first that is the longest, or null when none exceeds `most`
 */
function lengthen(
  previous: Int32Array,
  current: Int32Array,
  indices: readonly number[],
  { bFrom, bTo }: Ranges,
  most: number,
): { size: number; b: number } | null {
  let longest: { size: number; b: number } | null = null;
  for (const j of indices) {
    if (j < bFrom || j >= bTo) continue;
    const size = (previous[j] as number) + 1;
    current[j + 1] = size;
    if (size > (longest?.size ?? most)) longest = { size, b: j };
  }
  return longest;
}

/** Frequent lines start no match, but they lengthen one on both sides. */
function widen(block: Block, a: Int32Array, b: Int32Array, { aFrom, aTo, bFrom, bTo }: Ranges): Block {
  let { a: aAt, b: bAt, size } = block;
  while (aAt > aFrom && bAt > bFrom && a[aAt - 1] === b[bAt - 1]) {
    aAt--;
    bAt--;
    size++;
  }
  while (aAt + size < aTo && bAt + size < bTo && a[aAt + size] === b[bAt + size]) size++;
  return { a: aAt, b: bAt, size };
}
