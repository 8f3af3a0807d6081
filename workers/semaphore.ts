/** Gives out a fixed number of places, first come, first served. */
export interface Semaphore {
  /** Waits for a place; disposing it gives it back. */
  acquire(): Promise<Disposable>;
}

/** A semaphore with `places` free. */
export function createSemaphore(places: number): Semaphore {
  const queue: (() => void)[] = [];
  let free = places;

  const release = () => {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  };

  return {
    acquire: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => queue.push(resolve));
      return { [Symbol.dispose]: release };
    },
  };
}
