import type { Lane } from "../ledger/events.ts";

/** Of the lane's running median. */
const SLOW = 3;
const REMEMBERED = 101;
/** With fewer there is no saying what is usual. */
const ENOUGH = 20;

/** Tells which rollouts took unusually long. */
export interface SlowRollouts {
  /** Takes in how long the generation of one took, and says whether that is more than three times its lane's median. */
  isSlow(lane: Lane, generateMs: number): boolean;
}

/** Starts with no idea of what is usual. */
export function createSlowRollouts(): SlowRollouts {
  const recent: Record<Lane, number[]> = { train: [], eval: [] };
  return {
    isSlow: (lane, generateMs) => {
      const before = recent[lane];
      const isSlow = before.length >= ENOUGH && generateMs > SLOW * medianOf(before);
      before.push(generateMs);
      if (before.length > REMEMBERED) before.shift();
      return isSlow;
    },
  };
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
