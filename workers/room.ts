import { createCondition } from "./condition.ts";

/** What a worker has taken on. */
export interface Load {
  /** Samples that are decoded or wait for a slot. */
  readonly openSamples: number;
  /** Groups with such samples. */
  readonly liveGroups: number;
  /** Size of what waits in memory for the coordinator. */
  readonly heldBytes: number;
}

/** What a worker can carry. */
export interface Limits {
  readonly slots: number;
  readonly liveGroups: number;
  readonly heldBytes: number;
}

/**
 * Whether another group should be asked for: a slot would be idle without it, and its samples could be kept while the
 * coordinator is away. Nothing is taken ahead of that, so that another worker can have it.
 *
 * Memory holds more than its limit only when the spool takes no more; what is decoded then ends, and waits in memory
 * too: at most the samples of the live groups.
 */
export function wantsAnother(load: Load, limits: Limits): boolean {
  return (
    load.openSamples < limits.slots &&
    load.liveGroups < limits.liveGroups &&
    load.heldBytes <= limits.heldBytes
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
  /** To be called when what waits in memory became less. */
  lessHeld(): void;
}

/**
 * An empty room.
 *
 * @param heldBytes - asked whenever the load is judged
 * @param onLoad - told of every change of {@link Room.openSamples}
 */
export function createRoom(
  limits: Limits,
  heldBytes: () => number,
  onLoad: (openSamples: number) => void = () => {},
): Room {
  const places = new Set<{ open: number }>();
  const condition = createCondition();
  const openSamples = () => [...places].reduce((sum, place) => sum + place.open, 0);
  const changed = () => {
    onLoad(openSamples());
    condition.changed();
  };

  return {
    get openSamples() {
      return openSamples();
    },
    free: (signal) =>
      condition.until(
        () =>
          wantsAnother(
            { openSamples: openSamples(), liveGroups: places.size, heldBytes: heldBytes() },
            limits,
          ),
        signal,
      ),
    take: (samples) => {
      const place = { open: samples };
      const leave = () => {
        places.delete(place);
        changed();
      };
      places.add(place);
      onLoad(openSamples());
      return {
        sampleEnded: () => {
          place.open -= 1;
          if (place.open <= 0) leave();
          else changed();
        },
        [Symbol.dispose]: leave,
      };
    },
    lessHeld: condition.changed,
  };
}
