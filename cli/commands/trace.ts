import type { Command } from "commander";
import { type NoTrace, readTrace } from "../../coordinator/index.ts";
import { chooseRun, type RunChoice } from "../open-run.ts";
import { print, printJson } from "../print.ts";
import { findRunFolder, RunFolderError } from "../run-folder.ts";
import { paintFor } from "../show/paint.ts";
import { waterfall } from "../show/waterfall.ts";

/** Columns where the output is no terminal. */
const COLUMNS = 120;

const WHY: Readonly<Record<NoTrace, string>> = {
  unknown: 'its archive does not name it: "fleet rollouts" shows tasks that it does, as t17',
  "not-over": "it is not over yet, or its end is not archived yet",
  "no-times": "its run was archived by a version that kept no times",
};

/** `fleet trace`: where one task's time went. */
export function addTraceCommand(program: Command): void {
  chooseRun(program.command("trace"))
    .argument("<task>", "its id, such as t17 or e0-3, as fleet rollouts shows it")
    .description("where one task's time went, as a waterfall from its issue to the step that trained on it")
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet trace t17\n  fleet trace t17 --run demo-20260101-120000 --json",
    )
    .action(showTrace);
}

async function showTrace(task: string, options: RunChoice & { readonly json?: true }): Promise<void> {
  const folder = await findRunFolder(options.runs, options.run);
  const spans = await readTrace(folder.archive, folder.id, task);
  if (typeof spans === "string")
    throw new RunFolderError(`task ${task} of run ${folder.id} cannot be shown: ${WHY[spans]}`);
  if (options.json) return printJson(spans);
  const columns = process.stdout.columns ?? COLUMNS;
  print(waterfall(spans, { columns, paint: paintFor(process.stdout) }));
}
