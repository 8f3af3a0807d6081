import type { Budget } from "../budget.ts";
import { splitLines } from "../python-text.ts";
import { type Hunk, hunksOf, type Stretch } from "./hunks.ts";
import { matchLines } from "./line-matcher.ts";

const CONTEXT_LINES = 3;

/**
 * The change from `before` to `after` as SWE-RL compares it: `difflib.unified_diff` of the lines with three
 * lines of context, without the two lines that name the files, joined by line feeds. Empty when no line
 * differs; a missing line break at the end of a file is no difference.
 *
 * @throws {ReplyMistake} of class `too-expensive` when the budget is exceeded
 */
export function unifiedDiff(before: string, after: string, budget: Budget): string {
  const a = splitLines(before);
  const b = splitLines(after);
  budget.spend(before.length + after.length);
  const hunks = hunksOf(matchLines(a, b, budget), a.length, b.length, CONTEXT_LINES);
  return hunks.flatMap((hunk) => [headOf(hunk), ...linesOf(hunk, a, b)]).join("\n");
}

function headOf(hunk: Hunk): string {
  const first = hunk[0] as Stretch;
  const last = hunk.at(-1) as Stretch;
  return `@@ -${range(first.aFrom, last.aTo)} +${range(first.bFrom, last.bTo)} @@`;
}

/** Line numbers from 1; an empty range is named by the line before it. */
function range(from: number, to: number): string {
  const length = to - from;
  if (length === 1) return `${from + 1}`;
  return length === 0 ? `${from},0` : `${from + 1},${length}`;
}

function* linesOf(hunk: Hunk, a: readonly string[], b: readonly string[]): Generator<string> {
  for (const { shared, aFrom, aTo, bFrom, bTo } of hunk) {
    for (const line of a.slice(aFrom, aTo)) yield shared ? ` ${line}` : `-${line}`;
    if (!shared) for (const line of b.slice(bFrom, bTo)) yield `+${line}`;
  }
}
