import { type Budget, UNLIMITED } from "../budget.ts";
import { codePoints } from "../python-text.ts";
import { type Block, type FindLongest, matchingBlocks } from "./matching-blocks.ts";
import { createSuffixAutomaton, NONE, ROOT } from "./suffix-automaton.ts";

/**
 * How alike two texts are: `difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()` on code points, to the
 * last bit. Not symmetric.
 *
 * @returns 0 … 1; 1 exactly when the texts are equal
 * @throws {ReplyMistake} of class `too-expensive` when the budget is exceeded
 */
export function similarityRatio(a: string, b: string, budget: Budget = UNLIMITED): number {
  const aPoints = codePoints(a);
  const bPoints = codePoints(b);
  const length = aPoints.length + bPoints.length;
  if (length === 0) return 1;
  const blocks = matchingBlocks(aPoints.length, bPoints.length, longestShared(aPoints, bPoints, budget));
  const matches = blocks.reduce((sum, block) => sum + block.size, 0);
  return (2 * matches) / length;
}

/** Finds longest matches of two sequences, in time linear in the ranges. */
function longestShared(a: Int32Array, b: Int32Array, budget: Budget): FindLongest {
  const automaton = createSuffixAutomaton(b.length);
  const { edges, longest, suffix, firstEnd } = automaton;

  return ({ aFrom, aTo, bFrom, bTo }) => {
    let operations = automaton.build(b, bFrom, bTo);
    let best: Block = { a: aFrom, b: bFrom, size: 0 };
    let state = ROOT;
    let size = 0;
    for (let i = aFrom; i < aTo; i++) {
      const symbol = a[i] as number;
      let target = edges.target(state, symbol);
      while (target === NONE && state !== ROOT) {
        state = suffix[state] as number;
        size = longest[state] as number;
        target = edges.target(state, symbol);
        operations++;
      }
      operations++;
      if (target === NONE) continue;
      state = target;
      size++;
      if (size > best.size) best = { a: i + 1 - size, b: (firstEnd[state] as number) + 1 - size, size };
    }
    budget.spend(operations);
    return best;
  };
}
