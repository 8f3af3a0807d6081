import { constants, setPriority } from "node:os";

/**
 * Lets the processes go first that bring this one its work, take its results away and answer people: they need little, and
 * soon. Threads that this process starts from here on do the same.
 */
export function giveWay(): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}
