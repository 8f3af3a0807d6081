import type { FleetClient } from "../transport/index.ts";
import { holdsCheckpoint } from "../updater/index.ts";
import type { RunFolder } from "./run-folder.ts";

/**
 * Goes back to an older policy, from the trainer's checkpoint of it where that is kept, else from its adapter.
 *
 * @param folder - of the run; null: on another host, where nobody here can see its checkpoints
 * @returns what happens now, in a sentence
 * @throws {RemoteError} when there is no going back to it
 */
export async function rollBack(
  client: FleetClient,
  folder: RunFolder | null,
  version: number,
): Promise<string> {
  const hasCheckpoint = folder !== null && (await holdsCheckpoint(folder.checkpoints, version));
  return (await client.rollback({ version, hasCheckpoint })).message;
}
