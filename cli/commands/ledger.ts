import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { LaneBalance } from "../../proto/index.ts";
import { chooseRun, connectToRun, type RunChoice } from "../open-run.ts";
import { print, printJson } from "../print.ts";
import { findRunFolder, RunFolderError } from "../run-folder.ts";
import { ledgerTable } from "../show/ledger-table.ts";

/** `fleet ledger`: what became of every sample. */
export function addLedgerCommand(program: Command): void {
  chooseRun(program.command("ledger"))
    .description("the books: what became of every sample, and whether they balance")
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      `
issued   = accepted + rejected + expired + outstanding
accepted = trained + skipped + evaluated + waiting

Examples:
  fleet ledger
  fleet ledger --run demo-20260101-120000 --json`,
    )
    .action(showLedger);
}

async function showLedger(choice: RunChoice & { json?: true }): Promise<void> {
  const lanes = (await askCoordinator(choice)) ?? (await readSummary(choice));
  if (choice.json) printJson(lanes);
  else print(ledgerTable(lanes));
}

/** The books of a running run; null when nobody answers. */
async function askCoordinator(choice: RunChoice): Promise<LaneBalance[] | null> {
  const { client } = await connectToRun(choice);
  await using _ = client;
  return client.status().then(
    (status) => status.balances,
    () => null,
  );
}

async function readSummary(choice: RunChoice): Promise<LaneBalance[]> {
  const folder = await findRunFolder(choice.runs, choice.run);
  const text = await readFile(folder.summary, "utf8").catch((cause: unknown) => {
    throw new RunFolderError(
      `the run ${folder.id} neither answers nor has a summary yet in ${folder.summary}`,
      { cause },
    );
  });
  return (JSON.parse(text) as { ledger: LaneBalance[] }).ledger;
}
