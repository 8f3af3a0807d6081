import { ReplyMistake } from "./reply/mistake.ts";

/**
 * Counts operations, so that a reply which would take too long to score gets the same verdict on every
 * machine, however fast.
 */
export interface Budget {
  /** @throws {ReplyMistake} of class `too-expensive` once more was spent than there was */
  spend(operations: number): void;
}

/** Opens a budget of so many operations; each takes some tens of nanoseconds. */
export function createBudget(operations: number): Budget {
  let left = operations;
  return {
    spend: (spent) => {
      left -= spent;
      if (left >= 0) return;
      throw new ReplyMistake(
        "too-expensive",
        `scoring this reply would take more than ${operations} operations`,
        null,
      );
    },
  };
}

/** A budget without bounds, for texts that are known to be harmless. */
export const UNLIMITED: Budget = { spend: () => {} };
