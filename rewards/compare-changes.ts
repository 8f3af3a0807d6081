import { type Budget, UNLIMITED } from "./budget.ts";
import { splitDiff } from "./diff/split-diff.ts";
import { unifiedDiff } from "./diff/unified-diff.ts";
import { compareCodePoints } from "./python-text.ts";
import { similarityRatio } from "./similarity/ratio.ts";
import type { FileVerdict } from "./verdict.ts";

/** Path → content; null for a file that is deleted. */
export type FileContents = Readonly<Record<string, string | null>>;

/** Path → unified diff without the lines that name the files; empty for no change. */
export type Diffs = ReadonlyMap<string, string>;

/**
 * How alike two changes of the same files are, in whatever format they were written. A path that one side does
 * not name is left as it is there; content that equals the old is no change.
 *
 * @param before - what both start from
 * @param predicted - what one side makes of it
 * @param truth - what it should have become
 * @param budget - what comparing may cost
 * @returns the files that either side changes, in code-point order of their paths; 0 where only one side does
 * @throws {ReplyMistake} of class `too-expensive` when the budget is exceeded
 */
export function compareFiles(
  before: FileContents,
  predicted: FileContents,
  truth: FileContents,
  budget: Budget = UNLIMITED,
): FileVerdict[] {
  return compareDiffMaps(fileDiffs(before, predicted, budget), fileDiffs(before, truth, budget), { budget });
}

/**
 * How alike two changes are that are unified diffs (`diff -u` or git's), each of any number of files. Neither
 * the titles of hunks nor the marks of a missing last line break count; a file without hunks is not changed.
 *
 * @returns as {@link compareFiles}
 * @throws {ReplyMistake} of class `bad-diff` when a hunk has other lines than its head counts, or belongs to no file; of
 *   class `too-expensive` when the budget is exceeded
 */
export function compareUnifiedDiffs(
  predicted: string,
  truth: string,
  budget: Budget = UNLIMITED,
): FileVerdict[] {
  return compareDiffMaps(splitDiff(predicted), splitDiff(truth), { budget });
}

/** The mean similarity of what was compared; 1 when nothing was changed on either side. */
export function meanSimilarity(files: readonly Pick<FileVerdict, "similarity">[]): number {
  if (files.every(({ similarity }) => similarity === 1)) return 1;
  return files.reduce((sum, { similarity }) => sum + similarity, 0) / files.length;
}

/** Compares two sides file by file; with `trueOnly` just the files that the true side changes. */
export function compareDiffMaps(
  predicted: Diffs,
  truth: Diffs,
  { trueOnly = false, budget = UNLIMITED }: { trueOnly?: boolean; budget?: Budget } = {},
): FileVerdict[] {
  const touched = (path: string) => Boolean(truth.get(path) || (predicted.get(path) && !trueOnly));
  return [...new Set([...truth.keys(), ...predicted.keys()])]
    .filter(touched)
    .sort(compareCodePoints)
    .map((path) => {
      const diffs = { predicted: predicted.get(path) ?? "", oracle: truth.get(path) ?? "" };
      return { path, similarity: similarityOf(diffs.predicted, diffs.oracle, budget), ...diffs };
    });
}

/** A change is not at all like none. */
function similarityOf(predicted: string, oracle: string, budget: Budget): number {
  return predicted === "" || oracle === "" ? 0 : similarityRatio(predicted, oracle, budget);
}

function fileDiffs(before: FileContents, after: FileContents, budget: Budget): Diffs {
  const old = (path: string) => (Object.hasOwn(before, path) ? (before[path] ?? "") : "");
  return new Map(
    Object.entries(after).map(([path, content]) => [path, unifiedDiff(old(path), content ?? "", budget)]),
  );
}
