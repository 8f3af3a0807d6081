/**
 * The recursion of CPython's `difflib.SequenceMatcher`: the longest match, then the same to its left and to
 * its right.
 *
 * The longest match is the first of its size in a, so what is left of it has only shorter ones, and what is
 * right of it has no longer ones. One automaton therefore serves a match and all that follow on its right,
 * and a search ends at the first match of the size of the one before. Sizes fall at most √(2n) times, since
 * the matches do not overlap: n√n operations in all, whatever the texts, and nearly n for most.
 *
 * @see https://docs.python.org/3/library/difflib.html
 * @module
 */
import type { Budget } from "../budget.ts";
import { createMatchSearch } from "./match-search.ts";

/** `a[aFrom … aTo − 1]` and `b[bFrom … bTo − 1]`. */
export interface Ranges {
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

/** `a[a … a + size − 1]` equals `b[b … b + size − 1]`. */
export interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

/** Lengthens a match within ranges; one of size 0 is where both ranges begin. */
export type Widen = (match: Block, ranges: Ranges) => Block;

/** Ranges, and a size that no match within them exceeds. */
type Open = Ranges & { readonly most: number };

/**
 * All matching blocks in order; neighbours that touch are one. Of several longest matches the one that starts
 * first in a counts, of those the first in b.
 *
 * @param widen - for sequences in which not everything that is equal may start a match
 * @throws {ReplyMistake} of class `too-expensive` when the budget is exceeded
 */
export function matchingBlocks(
  a: Int32Array,
  b: Int32Array,
  budget: Budget,
  widen: Widen = (match) => match,
): Block[] {
  const search = createMatchSearch(a, b, budget);
  const blocks: Block[] = [];
  const open: Open[] = [{ aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.length, most: b.length }];
  for (let ranges = open.pop(); ranges; ranges = open.pop()) {
    if (ranges.most > 0) search.turnTo(ranges.bFrom, ranges.bTo);
    while (!isEmpty(ranges)) {
      const match = search.longest(ranges, ranges.most);
      const block = widen(match, ranges);
      if (block.size === 0) break;
      blocks.push(block);
      const left: Open = { ...ranges, aTo: block.a, bTo: block.b, most: Math.max(0, match.size - 1) };
      if (!isEmpty(left)) open.push(left);
      ranges = { ...ranges, aFrom: block.a + block.size, bFrom: block.b + block.size, most: match.size };
    }
  }
  blocks.sort((left, right) => left.a - right.a);
  return joinNeighbours(blocks);
}

function isEmpty({ aFrom, aTo, bFrom, bTo }: Ranges): boolean {
  return aFrom >= aTo || bFrom >= bTo;
}

function joinNeighbours(blocks: readonly Block[]): Block[] {
  const joined: Block[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    if (last && last.a + last.size === block.a && last.b + last.size === block.b) {
      joined[joined.length - 1] = { ...last, size: last.size + block.size };
    } else {
      joined.push(block);
    }
  }
  return joined;
}
