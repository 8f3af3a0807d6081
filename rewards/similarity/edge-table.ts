/**
 * The edges of an automaton in typed arrays: found by (state, symbol) through a hash table, and listed by state
 * for copying.
 *
 * @module
 */

const NONE = -1;
/** Knuth's multiplicative hash, and an odd number that keeps the states apart. */
const SYMBOL_FACTOR = 0x9e3779b1;
const STATE_FACTOR = 0x85ebca6b;

/** Edges between states, labelled with symbols. */
export interface EdgeTable {
  /** Where the edge leads; −1 when there is none. */
  target(state: number, symbol: number): number;
  /** Adds an edge unless there is one. Returns where that one leads; −1 when there was none. */
  add(state: number, symbol: number, target: number): number;
  /** Lets an edge that leads to `before` lead to `after`. Returns whether there was such an edge. */
  redirect(state: number, symbol: number, before: number, after: number): boolean;
  /** Gives `to`, which has no edges, those of `from`. Returns their number. */
  copy(from: number, to: number): number;
  /** Forgets all edges and prepares for the automaton of `symbols` symbols. */
  clear(symbols: number): void;
}

/** Makes room for so many states and edges. */
export function createEdgeTable(states: number, mostEdges: number): EdgeTable {
  const slots = new Int32Array(tableSize(mostEdges));
  const first = new Int32Array(states);
  const next = new Int32Array(mostEdges);
  const from = new Int32Array(mostEdges);
  const label = new Int32Array(mostEdges);
  const to = new Int32Array(mostEdges);
  let count = 0;
  let mask = slots.length - 1;

  /** The slot of an edge, or the empty one where it would be. */
  const slotOf = (state: number, symbol: number): number => {
    let slot = (Math.imul(symbol, SYMBOL_FACTOR) ^ Math.imul(state, STATE_FACTOR)) >>> 7;
    for (slot &= mask; ; slot = (slot + 1) & mask) {
      const edge = slots[slot] as number;
      if (edge === NONE || (from[edge] === state && label[edge] === symbol)) return slot;
    }
  };

  const add = (state: number, symbol: number, target: number): number => {
    const slot = slotOf(state, symbol);
    const edge = slots[slot] as number;
    if (edge !== NONE) return to[edge] as number;
    slots[slot] = count;
    from[count] = state;
    label[count] = symbol;
    to[count] = target;
    next[count] = first[state] as number;
    first[state] = count++;
    return NONE;
  };

  return {
    target: (state, symbol) => {
      const edge = slots[slotOf(state, symbol)] as number;
      return edge === NONE ? NONE : (to[edge] as number);
    },
    add,
    redirect: (state, symbol, before, after) => {
      const edge = slots[slotOf(state, symbol)] as number;
      if (edge === NONE || to[edge] !== before) return false;
      to[edge] = after;
      return true;
    },
    copy: (source, destination) => {
      let copied = 0;
      for (let edge = first[source] as number; edge !== NONE; edge = next[edge] as number) {
        add(destination, label[edge] as number, to[edge] as number);
        copied++;
      }
      return copied;
    },
    clear: (symbols) => {
      count = 0;
      mask = tableSize(3 * symbols + 1) - 1;
      slots.fill(NONE, 0, mask + 1);
      first.fill(NONE, 0, 2 * symbols + 1);
    },
  };
}

/** A power of two that leaves at least half of the slots empty. */
function tableSize(edges: number): number {
  return 2 ** Math.ceil(Math.log2(2 * edges + 1));
}
