import type { Budget } from "../budget.ts";
import type { Block, Ranges } from "./matching-blocks.ts";
import { createSuffixAutomaton, NONE, ROOT } from "./suffix-automaton.ts";

/** Finds the longest matches of parts of two sequences. */
export interface MatchSearch {
  /** Prepares for b from `from` to before `to`, in linear time. */
  turnTo(from: number, to: number): void;
  /**
   * The longest match within ranges: of several the one that starts first in a, of those first in b. Takes
   * time linear in the ranges, or in the way to a match of size `most`.
   *
   * @param ranges - `bFrom` at or after the last `turnTo`'s `from`, `bTo` its `to`
   * @param most - a size that no match exceeds
   * @returns a block of size 0 where the ranges begin when they share nothing
   */
  longest(ranges: Ranges, most: number): Block;
}

/** Makes a search for matches of `a` and `b`. */
export function createMatchSearch(a: Int32Array, b: Int32Array, budget: Budget): MatchSearch {
  const automaton = createSuffixAutomaton(b.length);
  const { edges, longest, suffix, lastEnd } = automaton;
  /** For the first so many symbols of a match, the size of their longest proper border. */
  const borders = new Int32Array(Math.min(a.length, b.length) + 1);

  /** Where `a[at … at + size − 1]` is first in b from `from` on; Knuth, Morris and Pratt's algorithm. */
  const firstInB = (at: number, size: number, from: number): number => {
    fillBorders(a, at, size, borders);
    let matched = 0;
    let j = from;
    for (; matched < size && j < b.length; j++) {
      while (matched > 0 && b[j] !== a[at + matched]) matched = borders[matched] as number;
      if (b[j] === a[at + matched]) matched++;
    }
    return j - size;
  };

  // What of a was read last and is in b: its state in the automaton, and its size.
  let state = ROOT;
  let size = 0;
  let operations = 0;

  /** Reads a symbol after the longest suffix of what was read that it can follow. */
  const read = (symbol: number): void => {
    let target = edges.target(state, symbol);
    for (; target === NONE && state !== ROOT; operations++) {
      state = suffix[state] as number;
      size = longest[state] as number;
      target = edges.target(state, symbol);
    }
    operations++;
    if (target === NONE) return;
    state = target;
    size++;
  };

  /** Forgets the first of what was read until the rest is in b from `from` on. */
  const forgetUntilFrom = (from: number): void => {
    while ((lastEnd[state] as number) + 1 - size < from) {
      const parent = suffix[state] as number;
      size = Math.max((lastEnd[state] as number) + 1 - from, longest[parent] as number);
      if (size === longest[parent]) state = parent;
      operations++;
    }
  };

  return {
    turnTo: (from, to) => budget.spend(automaton.build(b, from, to)),
    longest: ({ aFrom, aTo, bFrom }, most) => {
      state = ROOT;
      size = 0;
      operations = 0;
      let best = 0;
      let bestEnd = aFrom;
      for (let i = aFrom; i < aTo && best < most; i++) {
        read(a[i] as number);
        forgetUntilFrom(bFrom);
        if (size <= best) continue;
        best = size;
        bestEnd = i + 1;
      }
      const found = best === 0 ? bFrom : firstInB(bestEnd - best, best, bFrom);
      budget.spend(operations + 2 * best + found - bFrom);
      return { a: bestEnd - best, b: found, size: best };
    },
  };
}

function fillBorders(a: Int32Array, at: number, size: number, borders: Int32Array): void {
  let border = 0;
  borders[1] = 0;
  for (let k = 1; k < size; k++) {
    while (border > 0 && a[at + k] !== a[at + border]) border = borders[border] as number;
    if (a[at + k] === a[at + border]) border++;
    borders[k + 1] = border;
  }
}
