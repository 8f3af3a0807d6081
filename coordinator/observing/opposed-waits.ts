/** Where batches are at a moment. */
export interface BatchPlaces {
  /** Newest step whose batch is composed. */
  readonly composed: number;
  /** Newest step that is over. */
  readonly step: number;
  /** Whether an updater is there, and the run goes on. */
  readonly isTraining: boolean;
}

/** Who waited for whom, in seconds; the two never grow at the same moment. */
export interface OpposedWaits {
  /** Says what holds from `atMs` on. */
  note(places: BatchPlaces, atMs: number): void;
  /** Up to `atMs`. */
  read(atMs: number): { readonly updaterWaited: number; readonly rolloutsWaited: number };
}

/**
 * Keeps the two figures that say whose fault it is that something idles: an updater without a batch waits for rollouts; a
 * whole batch that lies ready while another is in training waits for the updater.
 */
export function createOpposedWaits(atMs: number): OpposedWaits {
  let places: BatchPlaces = { composed: 0, step: 0, isTraining: false };
  let sinceMs = atMs;
  let updaterMs = 0;
  let rolloutsMs = 0;

  function settle(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - sinceMs); // The wall clock may have been set back.
    const ready = places.composed - places.step;
    if (places.isTraining && ready === 0) updaterMs += passedMs;
    if (places.isTraining && ready > 1) rolloutsMs += passedMs;
    sinceMs = nowMs;
  }

  return {
    note: (now, nowMs) => {
      settle(nowMs);
      places = now;
    },
    read: (nowMs) => {
      settle(nowMs);
      return { updaterWaited: updaterMs / 1_000, rolloutsWaited: rolloutsMs / 1_000 };
    },
  };
}
