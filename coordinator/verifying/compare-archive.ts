import type { ArchiveContents, ArchiveFile, OutcomeRow, RolloutRow } from "../archive/read-rows.ts";
import type { Outcome } from "../ledger/records.ts";
import { nameOf } from "./audit.ts";
import type { LedgerFacts, NamedRollout } from "./ledger-facts.ts";

/** The side of the ledger in the comparison. */
export type ArchiveFacts = Pick<LedgerFacts, "rollouts" | "files" | "dropped" | "outcomes"> & {
  readonly state: Pick<LedgerFacts["state"], "archivedThrough" | "droppedThrough" | "archivedOutcomes">;
};

/**
 * Compares the archive with the ledger: every file is the one that the ledger names, every accepted rollout up to
 * `archivedThrough` that was not dropped is in exactly one row with the ledger's SHA-256, and every archived outcome is the ledger's.
 *
 * A file that goes on where the ledger's last one ends was written and not told of: at most one of a table, unless
 * `isLive`.
 *
 * @returns a sentence for each discrepancy
 */
export function compareArchive(facts: ArchiveFacts, archive: ArchiveContents, isLive: boolean): string[] {
  const files = [...archive.rollouts, ...archive.outcomes];
  const named = new Set(facts.files.map(({ file }) => file));
  const { archivedThrough, archivedOutcomes } = facts.state;
  return [
    ...archive.unreadable,
    ...compareFiles(facts, files),
    ...strangers(archive.rollouts, named, archivedThrough, isLive),
    ...strangers(archive.outcomes, named, archivedOutcomes, isLive),
    ...compareRollouts(facts, rowsOf(archive.rollouts, named)),
    ...compareOutcomes(facts.outcomes, rowsOf(archive.outcomes, named)),
  ];
}

function rowsOf<Row>(files: readonly ArchiveFile<Row>[], named: ReadonlySet<string>): Row[] {
  return files.filter(({ file }) => named.has(file)).flatMap(({ rows }) => rows);
}

function compareFiles(
  { files, dropped }: Pick<ArchiveFacts, "files" | "dropped">,
  found: readonly ArchiveFile<unknown>[],
): string[] {
  const byName = new Map(found.map((file) => [file.file, file]));
  return files.flatMap(({ file, sha256, rows }) => {
    const present = byName.get(file);
    if (present === undefined) return dropped.has(file) ? [] : [`${file} is missing from the archive`];
    const sentences: string[] = [];
    if (present.sha256 !== sha256) {
      sentences.push(`${file} has the SHA-256 ${present.sha256}, the ledger says ${sha256}`);
    }
    if (present.isReadable && present.rows.length !== rows) {
      sentences.push(`${file} has ${present.rows.length} rows, the ledger says ${rows}`);
    }
    return sentences;
  });
}

function strangers(
  files: readonly ArchiveFile<unknown>[],
  named: ReadonlySet<string>,
  known: number,
  isLive: boolean,
): string[] {
  const unnamed = files.filter(({ file }) => !named.has(file));
  const next = unnamed.filter(({ from }) => from > known);
  const isCrash = isLive || next.length <= 1;
  return unnamed
    .filter((file) => !isCrash || !next.includes(file))
    .map(({ file }) => `${file} is in the archive, and no event of the ledger names it`);
}

function compareRollouts({ rollouts, state }: ArchiveFacts, rows: readonly RolloutRow[]): string[] {
  const sentences: string[] = [];
  const seen = new Set<number>();
  for (const row of rows) {
    sentences.push(...compareRow(row, rollouts.get(row.sequence)));
    if (seen.has(row.sequence)) sentences.push(`rollout ${row.sequence} is in the archive twice`);
    seen.add(row.sequence);
  }
  const missing = [...rollouts].filter(
    ([sequence, { sha256 }]) =>
      sha256 !== null &&
      sequence > state.droppedThrough &&
      sequence <= state.archivedThrough &&
      !seen.has(sequence),
  );
  return [
    ...sentences,
    ...missing.map(
      ([sequence, { task, sample }]) =>
        `rollout ${sequence} (${nameOf(task, sample)}) is missing from the archive`,
    ),
  ];
}

function compareRow(
  { sequence, task, sample, sha256 }: RolloutRow,
  known: NamedRollout | undefined,
): string[] {
  if (known === undefined)
    return [`rollout ${sequence} is in the archive, and no event of the ledger names it`];
  const theirs = nameOf(task, sample);
  const ours = nameOf(known.task, known.sample);
  if (theirs !== ours) return [`rollout ${sequence} is ${theirs} in the archive and ${ours} in the ledger`];
  if (known.sha256 === null || known.sha256 === sha256) return [];
  return [
    `rollout ${sequence} (${ours}) has the SHA-256 ${sha256} in the archive and ${known.sha256} in the ledger`,
  ];
}

function compareOutcomes(outcomes: readonly Outcome[], rows: readonly OutcomeRow[]): string[] {
  const sentences: string[] = [];
  const expected = new Map(outcomes.map((outcome) => [nameOf(outcome.task, outcome.sample), outcome]));
  const seen = new Set<string>();
  for (const row of rows) {
    const name = nameOf(row.task, row.sample);
    const outcome = expected.get(name);
    if (seen.has(name)) sentences.push(`the outcome of ${name} is in the archive twice`);
    else if (outcome === undefined) {
      sentences.push(`the outcome of ${name} is in the archive, and no event of the ledger made it`);
    } else if (describe(outcome) !== describe(row)) {
      sentences.push(`${name} is ${describe(row)} in the archive and ${describe(outcome)} in the ledger`);
    }
    seen.add(name);
  }
  const missing = [...expected.keys()].filter((name) => !seen.has(name));
  return [...sentences, ...missing.map((name) => `the outcome of ${name} is missing from the archive`)];
}

function describe({ outcome, reason, step, sequence, sha256 }: OutcomeRow): string {
  const why = reason === "" ? "" : ` (${reason})`;
  const where = step === null ? "" : `, step ${step}`;
  const what = sequence === null ? "" : `, rollout ${sequence} with SHA-256 ${sha256}`;
  return `${outcome}${why}${where}${what}`;
}
