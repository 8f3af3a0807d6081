import { alignLines, type DiffRow, readDiff } from "../diff-lines.ts";

/** What an empty diff is shown as. */
const NO_CHANGE = "no change";

/** Two unified diffs of one file in rows, what concerns the same line of the old file beside each other. */
export function alignDiffs(predicted: string, oracle: string): DiffRow[] {
  return alignLines(readDiff(predicted, NO_CHANGE), readDiff(oracle, NO_CHANGE));
}
