import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { FleetError } from "../../core/index.ts";
import type { ArchivedFile } from "../ledger/events.ts";
import type { Outcome } from "../ledger/records.ts";
import { type ArchiveRow, type ArchiveTable, createArchiveWriter } from "./archive-writer.ts";
import type { ArchivedRollout } from "./columns.ts";

/** The folder holds what the ledger knows nothing of. */
export class ForeignArchiveError extends FleetError {
  readonly code = "coordinator.foreign_archive";
  readonly disposition = "reject";
}

/** A range of sequences in ROLLOUTS, or of outcomes counted from 1; both ends included. */
export interface SequenceRange {
  readonly from: number;
  readonly through: number;
}

/** How far the archive goes, as the ledger says. */
export interface ArchivedSoFar {
  /** In ROLLOUTS. */
  readonly through: number;
  readonly outcomes: number;
  /** In ROLLOUTS; files up to here have been dropped. None unless given. */
  readonly dropped?: number;
}

/** A file as it lies in the archive. */
export interface StoredFile extends SequenceRange {
  /** Relative to the archive, as the ledger names it. */
  readonly file: string;
  readonly bytes: number;
}

/** The run's archive: Parquet files `rollouts/`, named by their range of ROLLOUTS, and `outcomes/`, by their numbers. */
export interface Archive extends AsyncDisposable {
  /** Writes one range of rollouts; null when there is none in it. Replaces a file that begins where this one does. */
  writeRollouts(range: SequenceRange, rollouts: readonly ArchivedRollout[]): Promise<ArchivedFile | null>;
  /** Writes the outcomes that became known; null when there is none. */
  writeOutcomes(range: SequenceRange, outcomes: readonly Outcome[]): Promise<ArchivedFile | null>;
  /** The files of both tables, oldest first. */
  list(): Promise<Record<ArchiveTable, StoredFile[]>>;
  /** Deletes files; one that is not there is no error. */
  remove(files: readonly string[]): Promise<void>;
}

/**
 * Opens the archive in `folder`, making it where it is missing. What a crash left is removed: temporary files, and the
 * one file of a table that the ledger was not told of any more.
 *
 * @throws {ForeignArchiveError} when there are more such files than a crash leaves
 */
export async function openArchive(folder: string, known: ArchivedSoFar): Promise<Archive> {
  await Promise.all([
    tidy(join(folder, "rollouts"), known.through),
    tidy(join(folder, "outcomes"), known.outcomes),
  ]);
  const { rollouts: kept } = await list();
  await remove(kept.filter(({ through }) => through <= (known.dropped ?? 0)).map(({ file }) => file));
  const writer = createArchiveWriter();
  return {
    writeRollouts: (range, rollouts) => write("rollouts", range, rollouts),
    writeOutcomes: (range, outcomes) => write("outcomes", range, outcomes),
    list,
    remove,
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };

  async function list(): Promise<Record<ArchiveTable, StoredFile[]>> {
    return { rollouts: await filesOf(folder, "rollouts"), outcomes: await filesOf(folder, "outcomes") };
  }

  async function remove(files: readonly string[]): Promise<void> {
    await Promise.all(files.map((file) => rm(join(folder, file), { force: true })));
  }

  async function write<Table extends ArchiveTable>(
    table: Table,
    range: SequenceRange,
    rows: readonly ArchiveRow<Table>[],
  ): Promise<ArchivedFile | null> {
    if (rows.length === 0) return null;
    const file = join(table, nameOf(range));
    await removeOthers(join(folder, table), range);
    const sha256 = await writer.write(join(folder, file), table, rows);
    return { file, sha256, rows: rows.length };
  }
}

/** Padded, so that names sort as their ranges do. */
function nameOf({ from, through }: SequenceRange): string {
  const padded = (sequence: number) => String(sequence).padStart(10, "0");
  return `${padded(from)}-${padded(through)}.parquet`;
}

async function filesOf(folder: string, table: ArchiveTable): Promise<StoredFile[]> {
  const names = (await readdir(join(folder, table))).filter((name) => name.endsWith(".parquet"));
  return Promise.all(
    names.sort().map(async (name) => {
      const [from = 0, through = 0] = name.split("-").map((part) => Number.parseInt(part, 10));
      const { size: bytes } = await stat(join(folder, table, name));
      return { file: join(table, name), from, through, bytes };
    }),
  );
}

/** What an attempt left that came less far, or further. */
async function removeOthers(folder: string, range: SequenceRange): Promise<void> {
  const names = await readdir(folder);
  const others = names.filter((name) => Number.parseInt(name, 10) === range.from && name !== nameOf(range));
  await Promise.all(others.map((name) => rm(join(folder, name))));
}

async function tidy(folder: string, known: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const unknown = names.filter((name) => name.endsWith(".parquet") && Number.parseInt(name, 10) > known);
  if (unknown.length > 1) {
    throw new ForeignArchiveError(
      `${folder} holds ${unknown.length} files that the ledger does not know, such as ${unknown[0]}: move them away, or choose another run id`,
    );
  }
  const left = [...unknown, ...names.filter((name) => name.endsWith(".tmp"))];
  await Promise.all(left.map((name) => rm(join(folder, name))));
}
