/**
 * The recursion of CPython's `difflib.SequenceMatcher`: the longest match, then the same to its left and to
 * its right.
 *
 * @see https://docs.python.org/3/library/difflib.html
 * @module
 */

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

/** Finds the longest match within ranges: of several the one that starts first in a, of those first in b. */
export type FindLongest = (ranges: Ranges) => Block;

/** All matching blocks in order; neighbours that touch are one. */
export function matchingBlocks(aLength: number, bLength: number, findLongest: FindLongest): Block[] {
  const blocks: Block[] = [];
  const open: Ranges[] = [{ aFrom: 0, aTo: aLength, bFrom: 0, bTo: bLength }];
  for (let ranges = open.pop(); ranges; ranges = open.pop()) {
    const block = findLongest(ranges);
    if (block.size === 0) continue;
    blocks.push(block);
    pushUnlessEmpty(open, { ...ranges, aTo: block.a, bTo: block.b });
    pushUnlessEmpty(open, { ...ranges, aFrom: block.a + block.size, bFrom: block.b + block.size });
  }
  blocks.sort((left, right) => left.a - right.a);
  return joinNeighbours(blocks);
}

function pushUnlessEmpty(open: Ranges[], ranges: Ranges): void {
  if (ranges.aFrom < ranges.aTo && ranges.bFrom < ranges.bTo) open.push(ranges);
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
