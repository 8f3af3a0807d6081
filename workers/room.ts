import { createCondition } from "./condition.ts";

/** What a worker has taken on. */
export interface Load {
  /** Samples that are decoded or wait for a slot. */
  readonly openSamples: number;
  /** Groups with such samples. */
  readonly liveGroups: number;
  /** Size of what the coordinator has not acknowledged. */
  readonly unacknowledgedBytes: number;
}

/** What a worker can carry. */
export interface Limits {
  readonly slots: number;
  readonly liveGroups: number;
  readonly unacknowledgedBytes: number;
}

/**
 * Whether another group should be asked for: a slot would be idle without it. Nothing is taken ahead of that, so
 * that another worker can have it.
 */
export function wantsAnother(load: Load, limits: Limits): boolean {
  return (
    load.openSamples < limits.slots &&
    load.liveGroups < limits.liveGroups &&
    load.unacknowledgedBytes < limits.unacknowledgedBytes
  );
}

/** A group's claim on the engine. */
interface Place extends Disposable {
  /** One of its samples needs no slot any more. */
  sampleEnded(): void;
}

/** Keeps count of the load and says when there is room. */
export interface Room {
  readonly openSamples: number;
  /** Waits until {@link wantsAnother}; false when `signal` aborted first. */
  free(signal: AbortSignal): Promise<boolean>;
  /** Counts a group of `samples`; it ends when all its samples have, or when it is disposed. */
  take(samples: number): Place;
  /** To be called when the unacknowledged work became less. */
  acknowledged(): void;
}

/** An empty room. `unacknowledgedBytes` is asked whenever the load is judged. */
export function createRoom(limits: Limits, unacknowledgedBytes: () => number): Room {
  const places = new Set<{ open: number }>();
  const condition = createCondition();
  const openSamples = () => [...places].reduce((sum, place) => sum + place.open, 0);

  return {
    get openSamples() {
      return openSamples();
    },
    free: (signal) =>
      condition.until(
        () =>
          wantsAnother(
            {
              openSamples: openSamples(),
              liveGroups: places.size,
              unacknowledgedBytes: unacknowledgedBytes(),
            },
            limits,
          ),
        signal,
      ),
    take: (samples) => {
      const place = { open: samples };
      const leave = () => {
        places.delete(place);
        condition.changed();
      };
      places.add(place);
      return {
        sampleEnded: () => {
          place.open -= 1;
          if (place.open <= 0) leave();
          else condition.changed();
        },
        [Symbol.dispose]: leave,
      };
    },
    acknowledged: condition.changed,
  };
}
