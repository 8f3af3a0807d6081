import { FleetError, withDeadline } from "../../core/index.ts";
import type { Archiver } from "../archive/archiver.ts";
import { RunFailedError } from "./open-run.ts";

const ARCHIVE_DEADLINE_MS = 600_000;

/**
 * Archives everything.
 *
 * @throws {RunFailedError} when the disk takes no more: that is for a person to set right, and everything is still in
 *   nats-server
 */
export async function completeArchive(
  { archiveAll }: Pick<Archiver, "archiveAll">,
  folder: string,
): Promise<void> {
  try {
    await withDeadline("the archive to be complete", ARCHIVE_DEADLINE_MS, archiveAll());
  } catch (cause) {
    if (cause instanceof FleetError || !(cause instanceof Error)) throw cause;
    throw new RunFailedError(
      `the archive in ${folder} cannot be written: ${cause.message}; make room there, and go on with fleet train --resume`,
      { cause },
    );
  }
}
