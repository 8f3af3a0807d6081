import type { Block } from "../similarity/matching-blocks.ts";

/** A stretch that the two lists share, or in which they differ: `a[aFrom … aTo − 1]`, `b[bFrom … bTo − 1]`. */
export interface Stretch {
  readonly shared: boolean;
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

/** Changes that are close together, with what surrounds them. */
export type Hunk = readonly Stretch[];

/**
 * Groups what differs into hunks, each with up to `context` shared lines around it; changes that are no more
 * than twice that apart share a hunk. As `difflib.SequenceMatcher.get_grouped_opcodes`.
 */
export function hunksOf(blocks: readonly Block[], aLength: number, bLength: number, context: number): Hunk[] {
  const stretches = stretchesOf(blocks, aLength, bLength);
  const hunks: Hunk[] = [];
  let hunk: Stretch[] = [];
  stretches.forEach((stretch, index) => {
    if (!stretch.shared) {
      hunk.push(stretch);
      return;
    }
    const length = stretch.aTo - stretch.aFrom;
    const isFirst = index === 0;
    const isLast = index === stretches.length - 1;
    if (!isFirst && (isLast || length > 2 * context)) {
      hunks.push([...hunk, firstLines(stretch, context)]);
      hunk = [];
    }
    if (!isLast) hunk.push(hunk.length === 0 ? lastLines(stretch, context) : stretch);
  });
  if (hunk.some(({ shared }) => !shared)) hunks.push(hunk);
  return hunks;
}

/** All stretches in order, shared and different ones in turn. */
function stretchesOf(blocks: readonly Block[], aLength: number, bLength: number): Stretch[] {
  const stretches: Stretch[] = [];
  let a = 0;
  let b = 0;
  for (const block of [...blocks, { a: aLength, b: bLength, size: 0 }]) {
    if (a < block.a || b < block.b) {
      stretches.push({ shared: false, aFrom: a, aTo: block.a, bFrom: b, bTo: block.b });
    }
    a = block.a + block.size;
    b = block.b + block.size;
    if (block.size > 0) stretches.push({ shared: true, aFrom: block.a, aTo: a, bFrom: block.b, bTo: b });
  }
  return stretches;
}

function firstLines(stretch: Stretch, most: number): Stretch {
  const length = Math.min(most, stretch.aTo - stretch.aFrom);
  return { ...stretch, aTo: stretch.aFrom + length, bTo: stretch.bFrom + length };
}

function lastLines(stretch: Stretch, most: number): Stretch {
  const length = Math.min(most, stretch.aTo - stretch.aFrom);
  return { ...stretch, aFrom: stretch.aTo - length, bFrom: stretch.bTo - length };
}
