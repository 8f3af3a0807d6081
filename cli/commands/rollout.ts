import type { Command } from "commander";
import { readArchive } from "../../coordinator/index.ts";
import { chooseRun, type RunChoice } from "../open-run.ts";
import { parseCount } from "../parse.ts";
import { print, printJson } from "../print.ts";
import { findRunFolder, RunFolderError } from "../run-folder.ts";
import { paintFor } from "../show/paint.ts";
import { describeRollout } from "../show/rollout.ts";

/** Columns where the output is no terminal. */
const COLUMNS = 100;

/** `fleet rollout`: one rollout in full. */
export function addRolloutCommand(program: Command): void {
  chooseRun(program.command("rollout"))
    .argument("<number>", "its number, as fleet rollouts and the dashboard show it", parseCount)
    .description("one rollout in full: issue, reply, reward and why, both changes side by side")
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet rollout 817\n  fleet rollout 817 --run demo-20260101-120000 --json",
    )
    .action(showRollout);
}

async function showRollout(sequence: number, options: RunChoice & { readonly json?: true }): Promise<void> {
  const folder = await findRunFolder(options.runs, options.run);
  const [rollout] = await readArchive(folder.archive, { sequence, sort: "sequence", atMost: 1 });
  if (rollout === undefined) {
    throw new RunFolderError(
      `there is no rollout ${sequence} in the archive of run ${folder.id}: "fleet rollouts" lists what is there; a new one is archived later`,
    );
  }
  if (options.json) return printJson(rollout);
  print(
    describeRollout(rollout, { columns: process.stdout.columns ?? COLUMNS, paint: paintFor(process.stdout) }),
  );
}
