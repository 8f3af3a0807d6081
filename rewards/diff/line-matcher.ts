import type { Budget } from "../budget.ts";
import { type Block, matchingBlocks, type Ranges } from "../similarity/matching-blocks.ts";

/** From so many lines on, difflib takes lines that are too frequent for noise. */
const AUTOJUNK_FROM = 200;

/**
 * The matching blocks of two lists of lines, as `difflib.SequenceMatcher(None, a, b)` finds them: with its
 * automatic junk rule, by which a frequent line starts no match but may be in one.
 *
 * @throws {ReplyMistake} of class `too-expensive` when the budget is exceeded
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
  return matchingBlocks(aLines, withoutFrequent(bLines, numbers.size), budget, (match, ranges) =>
    widen(match, aLines, bLines, ranges),
  );
}

/** The lines of b, each of the too frequent ones as one that is nowhere else. */
function withoutFrequent(b: Int32Array, distinct: number): Int32Array {
  if (b.length < AUTOJUNK_FROM) return b;
  const most = Math.floor(b.length / 100) + 1;
  const counts = new Int32Array(distinct);
  for (const line of b) counts[line] = (counts[line] as number) + 1;
  return b.map((line, index) => ((counts[line] as number) > most ? -1 - index : line));
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
