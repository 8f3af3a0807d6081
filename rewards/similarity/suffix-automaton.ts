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
  /** Index of the last symbol of the first occurrence of a state's substrings. */
  readonly firstEnd: Int32Array;
  readonly edges: EdgeTable;
  /** Makes this the automaton of `symbols[from … to − 1]`. Returns how many operations it took. */
  build(symbols: Int32Array, from: number, to: number): number;
}

/** Makes room for the automaton of at most `most` symbols. */
export function createSuffixAutomaton(most: number): SuffixAutomaton {
  const longest = new Int32Array(2 * most + 1);
  const suffix = new Int32Array(2 * most + 1);
  const firstEnd = new Int32Array(2 * most + 1);
  const edges = createEdgeTable(2 * most + 1, 3 * most + 1);
  let states = 0;
  let operations = 0;

  const addState = (length: number, end: number): number => {
    longest[states] = length;
    firstEnd[states] = end;
    suffix[states] = NONE;
    return states++;
  };

  /** Splits a state: the substrings of at most `length` symbols get one of their own. */
  const split = (state: number, length: number): number => {
    const part = addState(length, firstEnd[state] as number);
    operations += edges.copy(state, part);
    suffix[part] = suffix[state] as number;
    suffix[state] = part;
    return part;
  };

  /** Lets the states from `state` upwards that lead to `before` lead to `after`. */
  const redirect = (state: number, symbol: number, before: number, after: number) => {
    for (let at = state; at !== NONE; at = suffix[at] as number) {
      operations++;
      if (edges.target(at, symbol) !== before) return;
      edges.set(at, symbol, after);
    }
  };

  const extend = (last: number, symbol: number, end: number): number => {
    const next = addState((longest[last] as number) + 1, end);
    let at = last;
    while (at !== NONE && edges.target(at, symbol) === NONE) {
      edges.set(at, symbol, next);
      at = suffix[at] as number;
      operations++;
    }
    operations++;
    suffix[next] = at === NONE ? ROOT : suffixOf(at, symbol);
    return next;
  };

  const suffixOf = (state: number, symbol: number): number => {
    const target = edges.target(state, symbol);
    const length = (longest[state] as number) + 1;
    if (longest[target] === length) return target;
    const part = split(target, length);
    redirect(state, symbol, target, part);
    return part;
  };

  const build = (symbols: Int32Array, from: number, to: number): number => {
    states = 0;
    operations = 0;
    edges.clear(to - from);
    let last = addState(0, NONE);
    for (let i = from; i < to; i++) last = extend(last, symbols[i] as number, i);
    return operations;
  };
  return { longest, suffix, firstEnd, edges, build };
}
