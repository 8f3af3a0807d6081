import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "../ledger/records.ts";
import { digestOfFile, queryParquet, quoted } from "./parquet.ts";

/** What a rollout's row is known by. */
export interface RolloutRow {
  readonly sequence: number;
  readonly sha256: string;
  readonly task: string;
  readonly sample: number;
}

/** What became of a sample, as its row says. */
export type OutcomeRow = Pick<Outcome, "task" | "sample" | "reason" | "step" | "sequence" | "sha256"> & {
  readonly outcome: string;
};

/** One file of the archive. */
export interface ArchiveFile<Row> {
  /** Relative to the archive, as the ledger names it. */
  readonly file: string;
  /** Of its bytes, in hex. */
  readonly sha256: string;
  /** Where its range begins, as its name says. */
  readonly from: number;
  readonly isReadable: boolean;
  readonly rows: readonly Row[];
}

/** Everything in an archive, as far as it can be read. */
export interface ArchiveContents {
  readonly rollouts: readonly ArchiveFile<RolloutRow>[];
  readonly outcomes: readonly ArchiveFile<OutcomeRow>[];
  /** A sentence for each file that is not Parquet, or not with these columns. */
  readonly unreadable: readonly string[];
}

/** Reads which rows the archive in `folder` holds, file by file. */
export async function readArchiveRows(folder: string): Promise<ArchiveContents> {
  const rollouts = await readTable(folder, "rollouts", "sequence, sha256, task, sample", rolloutOf);
  const columns = "task, sample, outcome, reason, step, sequence, sha256";
  const outcomes = await readTable(folder, "outcomes", columns, outcomeOf);
  return {
    rollouts: rollouts.files,
    outcomes: outcomes.files,
    unreadable: [...rollouts.unreadable, ...outcomes.unreadable],
  };
}

type RawRow = Record<string, unknown>;

async function readTable<Row>(
  folder: string,
  table: string,
  columns: string,
  read: (row: RawRow) => Row,
): Promise<{ files: ArchiveFile<Row>[]; unreadable: string[] }> {
  const names = (await readdir(join(folder, table)).catch(() => [])).filter((name) =>
    name.endsWith(".parquet"),
  );
  const files: ArchiveFile<Row>[] = [];
  const unreadable: string[] = [];
  const pathOf = (name: string) => join(folder, table, name);
  const all = await rowsByFile(names.map(pathOf), columns).catch(() => null);
  for (const name of names.sort()) {
    const path = pathOf(name);
    // One damaged file fails the query over all: then each is asked alone.
    const rows = all ?? (await rowsByFile([path], columns).catch(() => null));
    const file = join(table, name);
    if (rows === null) unreadable.push(`${file} cannot be read`);
    files.push({
      file,
      sha256: await digestOfFile(path),
      from: Number.parseInt(name, 10),
      isReadable: rows !== null,
      rows: (rows?.get(path) ?? []).map(read),
    });
  }
  return { files, unreadable };
}

async function rowsByFile(paths: readonly string[], columns: string): Promise<Map<string, RawRow[]>> {
  const byFile = new Map<string, RawRow[]>(paths.map((path) => [path, []]));
  if (paths.length === 0) return byFile;
  const list = paths.map(quoted).join(", ");
  const rows = await queryParquet(
    `SELECT filename, ${columns} FROM read_parquet([${list}], filename = true)`,
  );
  for (const row of rows) byFile.get(String(row["filename"]))?.push(row);
  return byFile;
}

function rolloutOf(row: RawRow): RolloutRow {
  return {
    sequence: Number(row["sequence"]),
    sha256: String(row["sha256"]),
    task: String(row["task"]),
    sample: Number(row["sample"]),
  };
}

function outcomeOf(row: RawRow): OutcomeRow {
  return {
    task: String(row["task"]),
    sample: Number(row["sample"]),
    outcome: String(row["outcome"]),
    reason: String(row["reason"]),
    step: numberOrNull(row["step"]),
    sequence: numberOrNull(row["sequence"]),
    sha256: row["sha256"] === "" ? null : String(row["sha256"]),
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
