import type { Clock } from "../core/index.ts";

const WINDOW_MS = 10_000;
const MOST_IN_WINDOW = 10;

/** Decides which repetitions of an event are worth a line. */
interface Repeats {
  /**
   * Asks to write one event.
   *
   * @returns how many of its kind were left out since the last one written; null when this one is to be left out too
   */
  admit(kind: string): number | null;
}

/** At most {@link MOST_IN_WINDOW} events of a kind in {@link WINDOW_MS}. Kinds are constants of the code, hence few. */
export function createRepeats(clock: Clock): Repeats {
  const kinds = new Map<string, { windowStartMs: number; written: number; suppressed: number }>();

  return {
    admit(kind) {
      const nowMs = clock.monotonicMs();
      const seen = kinds.get(kind);
      if (seen === undefined || nowMs - seen.windowStartMs >= WINDOW_MS) {
        kinds.set(kind, { windowStartMs: nowMs, written: 1, suppressed: 0 });
        return seen?.suppressed ?? 0;
      }
      if (seen.written >= MOST_IN_WINDOW) {
        seen.suppressed += 1;
        return null;
      }
      seen.written += 1;
      return 0;
    },
  };
}
