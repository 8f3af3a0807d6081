import { crashPoint } from "../../core/index.ts";
import type { Archiver } from "../archive/archiver.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { createSummaryWriter } from "../summary/summary-writer.ts";
import { completeArchive } from "./complete-archive.ts";
import type { Core } from "./core.ts";

/** How serving came to its end. */
export type Outcome = "stopped" | { readonly failed: boolean; readonly reason: string };

/** What is left to write at the end. */
export interface ConcludeParts {
  readonly core: Pick<Core, "state" | "decide">;
  readonly ledger: Pick<Ledger, "snapshot">;
  readonly archiver: Archiver;
  /** Folder of the archive. */
  readonly archive: string;
  readonly keepWithin: () => Promise<void>;
  readonly summary: ReturnType<typeof createSummaryWriter>;
}

/**
 * Archives everything, writes down that the run is over where it is, and leaves a summary and a snapshot. Doing it again
 * changes nothing.
 *
 * @throws {RunFailedError} when the disk takes no more
 */
export async function concludeRun(outcome: Outcome, parts: ConcludeParts): Promise<void> {
  const { core, ledger, archiver, archive, keepWithin, summary } = parts;
  await completeArchive(archiver, archive);
  await keepWithin();
  crashPoint("end.after-archive");
  const { phase } = core.state;
  if (outcome !== "stopped" && phase !== "ended" && phase !== "failed")
    await core.decide({ type: "ended", ...outcome });
  crashPoint("end.after-append");
  await summary.write();
  await ledger.snapshot();
}
