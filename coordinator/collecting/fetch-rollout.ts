import { RolloutMissingError, type RolloutStore } from "../../transport/index.ts";

/**
 * A rollout that the ledger names.
 *
 * @throws {RolloutMissingError} naming its task
 */
export async function fetchRollout(store: RolloutStore, task: string, sequence: number): Promise<Uint8Array> {
  try {
    return await store.get(sequence);
  } catch (error) {
    if (!(error instanceof RolloutMissingError)) throw error;
    throw new RolloutMissingError(
      `a rollout of task ${task} is missing: ${error.message}, which the ledger names`,
      {
        cause: error,
      },
    );
  }
}
