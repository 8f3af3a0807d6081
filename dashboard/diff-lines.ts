/** A line of a unified diff. */
export interface DiffLine {
  readonly text: string;
  /** Grows with the lines of the old file: equal in two diffs of it where they are at the same place. */
  readonly place: number;
  /** Number in the old file; null for a line that it does not have. */
  readonly old: number | null;
}

/** Two lines that concern the same line of the old file; undefined on a side that has none. */
export type DiffRow = readonly [DiffLine | undefined, DiffLine | undefined];

/**
 * The lines of a unified diff.
 *
 * @param whenEmpty - the only line of an empty one
 */
export function readDiff(diff: string, whenEmpty: string): DiffLine[] {
  if (diff === "") return [{ text: whenEmpty, place: 0, old: null }];
  let next = 1;
  return diff.split("\n").map((text) => {
    const head = /^@@ -(\d+)(,0)?/.exec(text);
    if (head !== null) {
      const from = Number(head[1]);
      next = head[2] === undefined ? from : from + 1;
      return { text, place: 3 * from, old: null };
    }
    if (text.startsWith("+") || text.startsWith("\\")) return { text, place: 3 * next - 1, old: null };
    const old = next++;
    return { text, place: 3 * old + 1, old };
  });
}

/** The lines of two diffs of one file in rows, what concerns the same line of the old file beside each other. */
export function alignLines(left: readonly DiffLine[], right: readonly DiffLine[]): DiffRow[] {
  const rows: DiffRow[] = [];
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const a = left[l];
    const b = right[r];
    const order = (a?.place ?? Number.POSITIVE_INFINITY) - (b?.place ?? Number.POSITIVE_INFINITY);
    rows.push([order <= 0 ? a : undefined, order >= 0 ? b : undefined]);
    if (order <= 0) l++;
    if (order >= 0) r++;
  }
  return rows;
}
