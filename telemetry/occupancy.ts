import type { Clock } from "../core/index.ts";

/** How long the places of something were taken and free: sums over all places. */
export interface Occupancy {
  /** From now on so many places are taken; more than there are count as all. */
  take(places: number): void;
  read(): { readonly busySeconds: number; readonly idleSeconds: number };
}

/** Starts with all places free. */
export function createOccupancy(clock: Pick<Clock, "monotonicMs">, places: number): Occupancy {
  const startedMs = clock.monotonicMs();
  let sinceMs = startedMs;
  let taken = 0;
  let busyMs = 0;

  function settle(): number {
    const nowMs = clock.monotonicMs();
    busyMs += taken * (nowMs - sinceMs);
    sinceMs = nowMs;
    return nowMs;
  }

  return {
    take: (now) => {
      settle();
      taken = Math.min(now, places);
    },
    read: () => {
      const allMs = places * (settle() - startedMs);
      return { busySeconds: busyMs / 1_000, idleSeconds: (allMs - busyMs) / 1_000 };
    },
  };
}
