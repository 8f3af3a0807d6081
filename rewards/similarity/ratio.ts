import { type Budget, UNLIMITED } from "../budget.ts";
import { codePoints } from "../python-text.ts";
import { matchingBlocks } from "./matching-blocks.ts";

/**
 * How alike two texts are: `difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()` on code points, to the
 * last bit. Not symmetric.
 *
 * @returns 0 … 1; 1 exactly when the texts are equal
 * @throws {ReplyMistake} of class `too-expensive` when the budget is exceeded
 */
export function similarityRatio(a: string, b: string, budget: Budget = UNLIMITED): number {
  if (a === b) return 1;
  const aPoints = codePoints(a);
  const bPoints = codePoints(b);
  const length = aPoints.length + bPoints.length;
  const matches = matchingBlocks(aPoints, bPoints, budget).reduce((sum, { size }) => sum + size, 0);
  return (2 * matches) / length;
}
