import type { Command } from "commander";
import { archiveColumns, queryArchive } from "../../coordinator/index.ts";
import { ConfigError } from "../../core/index.ts";
import { chooseRun, type RunChoice } from "../open-run.ts";
import { parsePositive } from "../parse.ts";
import { note, print, printJson } from "../print.ts";
import { findRunFolder } from "../run-folder.ts";
import { table } from "../show/table.ts";
import { visible } from "../show/visible.ts";

interface QueryOptions extends RunChoice {
  readonly limit: number;
  readonly columns?: true;
  readonly json?: true;
}

/** Characters of a value in a table; JSON has all of them. */
const MOST_CELL = 60;

/** `fleet query`: SQL over a run's archive. */
export function addQueryCommand(program: Command): void {
  chooseRun(program.command("query"))
    .argument("[sql]", "one query; its tables are rollouts and outcomes")
    .description("answer an SQL query (DuckDB's) over a run's archive")
    .option("--columns", "the columns of both tables")
    .option("--limit <n>", "at most so many rows", parsePositive, 100)
    .option("--json", "for scripts; whole values")
    .addHelpText(
      "after",
      `
Examples:
  fleet query --columns
  fleet query "SELECT error_class, count(*) FROM rollouts GROUP BY 1 ORDER BY 2 DESC"
  fleet query "SELECT o.step, avg(r.reward) FROM rollouts r JOIN outcomes o USING (sequence) GROUP BY 1 ORDER BY 1" --json`,
    )
    .action(answerQuery);
}

async function answerQuery(sql: string | undefined, options: QueryOptions): Promise<void> {
  if (options.columns) return showColumns(options);
  if (sql === undefined)
    throw new ConfigError('give a query, such as "SELECT count(*) FROM rollouts", or --columns');
  const folder = await findRunFolder(options.runs, options.run);
  const { columns, rows, isCut } = await queryArchive(folder.archive, sql, options.limit);
  if (options.json) printJson(rows);
  else
    print(
      table(
        columns.map(visible),
        rows.map((row) => columns.map((column) => cell(row[column]))),
      ),
    );
  if (isCut) note(`there are more rows than --limit ${options.limit}`);
}

function showColumns({ json }: QueryOptions): void {
  const columns = archiveColumns();
  const rows = columns.map(({ table: name, column, type, about }) => [name, column, type, about]);
  if (json) printJson(columns);
  else print(table(["table", "column", "type", "holds"], rows));
}

/** A value on one line, with nothing in it that acts on a terminal. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = visible(typeof value === "object" ? JSON.stringify(value) : String(value));
  return text.length > MOST_CELL ? `${text.slice(0, MOST_CELL - 1)}…` : text;
}
