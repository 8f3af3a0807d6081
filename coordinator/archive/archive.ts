import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ArchivedFile } from "../ledger/events.ts";
import type { Outcome } from "../ledger/state.ts";
import { type ArchivedRollout, OUTCOME_COLUMNS, ROLLOUT_COLUMNS } from "./columns.ts";
import { writeParquet } from "./parquet.ts";

/** A range of ROLLOUTS, both ends included. */
export interface SequenceRange {
  readonly from: number;
  readonly through: number;
}

/** The run's archive: `rollouts/` and `outcomes/`, Parquet files named by the range of ROLLOUTS that they close. */
export interface Archive {
  /** Writes one range of rollouts; null when there is none in it. Writing a range again replaces its file. */
  writeRollouts(range: SequenceRange, rollouts: readonly ArchivedRollout[]): Promise<ArchivedFile | null>;
  /** Writes the outcomes that became known; null when there is none. */
  writeOutcomes(range: SequenceRange, outcomes: readonly Outcome[]): Promise<ArchivedFile | null>;
}

/** Opens the archive in `folder`, making it where it is missing; temporary files of a crash are removed. */
export async function openArchive(folder: string): Promise<Archive> {
  for (const table of ["rollouts", "outcomes"]) {
    await mkdir(join(folder, table), { recursive: true });
    await removeTemporaryFiles(join(folder, table));
  }
  return {
    writeRollouts: (range, rollouts) => write("rollouts", range, ROLLOUT_COLUMNS, rollouts),
    writeOutcomes: (range, outcomes) => write("outcomes", range, OUTCOME_COLUMNS, outcomes),
  };

  async function write<Row>(
    table: string,
    range: SequenceRange,
    columns: Parameters<typeof writeParquet<Row>>[1],
    rows: readonly Row[],
  ): Promise<ArchivedFile | null> {
    if (rows.length === 0) return null;
    const file = join(table, nameOf(range));
    const sha256 = await writeParquet(join(folder, file), columns, rows);
    return { file, sha256, rows: rows.length };
  }
}

/** Padded, so that names sort as their ranges do. */
function nameOf({ from, through }: SequenceRange): string {
  const padded = (sequence: number) => String(sequence).padStart(10, "0");
  return `${padded(from)}-${padded(through)}.parquet`;
}

async function removeTemporaryFiles(folder: string): Promise<void> {
  const names = await readdir(folder);
  await Promise.all(names.filter((name) => name.endsWith(".tmp")).map((name) => rm(join(folder, name))));
}
