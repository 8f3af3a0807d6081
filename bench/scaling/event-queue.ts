/** What happens later, the earliest first; at the same time in the order in which it was planned. */
export interface EventQueue {
  /** Plans `act` for `atSeconds`. */
  plan(atSeconds: number, act: () => void): void;
  /** Takes the earliest; null when nothing is planned. */
  next(): { readonly atSeconds: number; act(): void } | null;
}

interface Planned {
  readonly atSeconds: number;
  readonly order: number;
  readonly act: () => void;
}

/** Creates an empty queue: a binary heap. */
export function createEventQueue(): EventQueue {
  const heap: Planned[] = [];
  let count = 0;

  function isBefore(a: number, b: number): boolean {
    const [first, second] = [heap[a] as Planned, heap[b] as Planned];
    return (
      first.atSeconds < second.atSeconds ||
      (first.atSeconds === second.atSeconds && first.order < second.order)
    );
  }

  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [heap[b] as Planned, heap[a] as Planned];
  }

  /** The one of a place and the two below it that comes first. */
  function firstOf(at: number): number {
    const below = [2 * at + 1, 2 * at + 2].filter((child) => child < heap.length);
    return below.reduce((first, child) => (isBefore(child, first) ? child : first), at);
  }

  function sink(): void {
    for (let at = 0, first = firstOf(0); first !== at; first = firstOf(at)) {
      swap(at, first);
      at = first;
    }
  }

  return {
    plan: (atSeconds, act) => {
      heap.push({ atSeconds, order: count++, act });
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(at, parent)) break;
        swap(at, parent);
        at = parent;
      }
    },
    next: () => {
      const first = heap[0];
      if (first === undefined) return null;
      const last = heap.pop() as Planned;
      if (heap.length > 0) {
        heap[0] = last;
        sink();
      }
      return first;
    },
  };
}
