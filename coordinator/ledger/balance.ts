import type { LaneBalance } from "../../proto/index.ts";
import type { Lane } from "./events.ts";
import type { LedgerState } from "./state.ts";

/** The lanes, in the order in which their books are shown. */
export const LANES: readonly Lane[] = ["train", "eval"];

/** What a lane's books say besides what the fold counts. */
export interface BalanceExtras {
  /** Deliveries of samples that were counted before; of this process's time, since they change no state. */
  readonly duplicates: Readonly<Record<Lane, number>>;
}

/**
 * The books of every lane. `outstanding` and `waiting` are counted over the live tasks and not derived from the other
 * columns, so that the two equations of the ledger can fail.
 */
export function balancesOf(state: LedgerState, { duplicates }: BalanceExtras): LaneBalance[] {
  return LANES.map((lane) => {
    const { issued, accepted, rejected, expired, trained, evaluated, skipped } = state.lanes[lane];
    const samples = [...state.tasks.values()]
      .filter((task) => task.lane === lane)
      .flatMap((task) => task.samples);
    return {
      lane,
      issued,
      accepted,
      rejected,
      expired,
      outstanding: samples.filter((sample) => sample.state === "open").length,
      trained,
      skipped: [...skipped.values()].reduce((sum, count) => sum + count, 0),
      evaluated,
      waiting: samples.filter((sample) => sample.state === "accepted" || sample.state === "batched").length,
      duplicates: duplicates[lane],
    };
  });
}
