/**
 * A suffix automaton: the smallest automaton that reads exactly the substrings of a sequence. Built in linear
 * time, and used to find in linear time what two sequences share. One is made for the longest sequence, and
 * built again for each part of it.
 *
 * @see Blumer et al., "The smallest automaton recognizing the subwords of a text", 1985
 * @module
 */
import { createEdgeTable, type EdgeTable } from "./edge-table.ts";

/** State that has read nothing. */
export const ROOT = 0;
/** No such state. */
export const NONE = -1;

/** Columns over states. */
export interface SuffixAutomaton {
  /** Length of the longest substring that leads to a state. */
  readonly longest: Int32Array;
  /** State of the longest proper suffix that is another state; {@link NONE} for the root. */
  readonly suffix: Int32Array;
  /** Index of the last symbol of the last occurrence of a state's substrings; past every index for the root. */
  readonly lastEnd: Int32Array;
  readonly edges: EdgeTable;
  /** Makes this the automaton of `symbols[from … to − 1]`. Returns how many operations it took. */
  build(symbols: Int32Array, from: number, to: number): number;
}

/** Makes room for the automaton of at most `most` symbols. */
export function createSuffixAutomaton(most: number): SuffixAutomaton {
  const longest = new Int32Array(2 * most + 1);
  const suffix = new Int32Array(2 * most + 1);
  const lastEnd = new Int32Array(2 * most + 1);
  const edges = createEdgeTable(2 * most + 1, 3 * most + 1);
  let states = 0;
  let operations = 0;

  const addState = (length: number, end: number): number => {
    longest[states] = length;
    lastEnd[states] = end;
    suffix[states] = NONE;
    return states++;
  };

  /** Splits a state: the substrings of at most `length` symbols get one of their own. */
  const split = (state: number, length: number): number => {
    const part = addState(length, NONE);
    operations += edges.copy(state, part);
    suffix[part] = suffix[state] as number;
    suffix[state] = part;
    return part;
  };

  /** The state of the longest proper suffix that ends a new state, when `state` already leads to `target`. */
  const suffixThrough = (state: number, symbol: number, target: number): number => {
    const length = (longest[state] as number) + 1;
    if (longest[target] === length) return target;
    const part = split(target, length);
    for (let at = state; at !== NONE && edges.redirect(at, symbol, target, part); ) {
      at = suffix[at] as number;
      operations++;
    }
    return part;
  };

  const extend = (last: number, symbol: number, end: number): number => {
    const next = addState((longest[last] as number) + 1, end);
    for (let at = last; at !== NONE; at = suffix[at] as number) {
      operations++;
      const target = edges.add(at, symbol, next);
      if (target === NONE) continue;
      suffix[next] = suffixThrough(at, symbol, target);
      return next;
    }
    suffix[next] = ROOT;
    return next;
  };

  /** A state's substrings end wherever those end whose suffixes they are. Later ends go first, so each is set once. */
  const raiseLastEnds = (): void => {
    for (let state = states - 1; state > ROOT; state--) {
      const end = lastEnd[state] as number;
      for (let at = suffix[state] as number; (lastEnd[at] as number) < end; at = suffix[at] as number) {
        lastEnd[at] = end;
      }
    }
  };

  const build = (symbols: Int32Array, from: number, to: number): number => {
    states = 0;
    operations = 0;
    edges.clear(to - from);
    let last = addState(0, symbols.length);
    for (let i = from; i < to; i++) last = extend(last, symbols[i] as number, i);
    raiseLastEnds();
    return operations + states;
  };
  return { longest, suffix, lastEnd, edges, build };
}
