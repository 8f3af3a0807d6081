import { ForeignInputError } from "../../core/index.ts";
import { COLUMN_NOTES } from "./column-notes.ts";
import { OUTCOME_COLUMNS, ROLLOUT_COLUMNS } from "./columns.ts";
import { openDuckDb, quoted, sourceOf } from "./parquet.ts";

/** The query cannot be answered. */
export class ArchiveQueryError extends ForeignInputError {
  readonly code = "coordinator.archive_query";
  readonly disposition = "reject";
}

/** Rows of an answer: values as JSON has them, by column. */
export interface QueryAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Whether there were more. */
  readonly isCut: boolean;
}

/** What is known of a table's column. */
export interface ColumnName {
  readonly table: string;
  readonly column: string;
  /** As SQL calls it. */
  readonly type: string;
  readonly about: string;
}

/** The columns of the archive's two tables, as a query sees them. */
export function archiveColumns(): ColumnName[] {
  const named = (
    table: keyof typeof COLUMN_NOTES,
    columns: readonly { name: string; type: { toString(): string } }[],
  ) =>
    columns.map(({ name, type }) => ({
      table,
      column: name,
      type: type.toString(),
      about: COLUMN_NOTES[table][name] ?? "",
    }));
  return [...named("rollouts", ROLLOUT_COLUMNS), ...named("outcomes", OUTCOME_COLUMNS)];
}

/**
 * Answers one SQL query over the archive in `folder`, in which `rollouts` and `outcomes` are tables; a table without files is
 * empty. The query can neither write nor read anything else.
 *
 * @param atMost - rows that are given
 * @throws {ArchiveQueryError} with DuckDB's sentence
 */
export async function queryArchive(folder: string, sql: string, atMost: number): Promise<QueryAnswer> {
  const instance = await openDuckDb();
  const connection = await instance.connect();
  try {
    for (const table of ["rollouts", "outcomes"] as const) {
      await connection.run(`CREATE VIEW ${table} AS ${await viewOf(folder, table)}`);
    }
    await connection.run(`SET allowed_directories = [${quoted(`${folder}/`)}]`);
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    const reader = await connection.streamAndReadUntil(sql, atMost + 1);
    const rows = reader.getRowObjectsJson();
    return { columns: reader.columnNames(), rows: rows.slice(0, atMost), isCut: rows.length > atMost };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ArchiveQueryError(`the query cannot be answered: ${why}`, { cause });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function viewOf(folder: string, table: "rollouts" | "outcomes"): Promise<string> {
  const source = await sourceOf(folder, table);
  if (source !== null) return `SELECT * FROM ${source}`;
  const columns = archiveColumns().filter((column) => column.table === table);
  return `SELECT ${columns.map(({ column, type }) => `NULL::${type} AS ${column}`).join(", ")} WHERE false`;
}
