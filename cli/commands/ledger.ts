import { type Command, Option } from "commander";
import { readTrainingRecord, verifyRun } from "../../coordinator/index.ts";
import type { LaneBalance, SetAside } from "../../proto/index.ts";
import { type RetrainedStep, retrain } from "../../updater/index.ts";
import { EXIT } from "../exit.ts";
import { chooseRun, connectToRun, NotRunningError, type RunChoice } from "../open-run.ts";
import { openRunStorage } from "../open-run-storage.ts";
import { print, printJson } from "../print.ts";
import { readRunConfig } from "../read-run-config.ts";
import { readSummary } from "../read-summary.ts";
import { findRunFolder, RunFolderError } from "../run-folder.ts";
import { ledgerTable } from "../show/ledger-table.ts";
import { describeRetrained, retrainingVerdict } from "../show/retrained.ts";
import { describeVerification } from "../show/verification.ts";
import { setAsideTable } from "../show/waits-table.ts";

interface LedgerOptions extends RunChoice {
  readonly verify?: true;
  readonly retrain?: true;
  readonly json?: true;
}

/** `fleet ledger`: what became of every sample. */
export function addLedgerCommand(program: Command): void {
  chooseRun(program.command("ledger"))
    .description("the books: what became of every sample, and whether they balance")
    .option(
      "--verify",
      "fold the ledger anew and compare it with the coordinator, the rollouts and the archive",
    )
    .addOption(
      new Option(
        "--retrain",
        "train the ledger's batches anew, and find every version's digest again",
      ).conflicts("verify"),
    )
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      `
issued   = accepted + rejected + expired + outstanding
accepted = trained + skipped + evaluated + waiting

Examples:
  fleet ledger
  fleet ledger --verify
  fleet ledger --retrain
  fleet ledger --run demo-20260101-120000 --json`,
    )
    .action(showLedger);
}

async function showLedger(choice: LedgerOptions): Promise<void> {
  if (choice.verify) return verify(choice);
  if (choice.retrain) return trainAnew(choice);
  const { lanes, setAside } = (await askCoordinator(choice)) ?? (await readBooks(choice));
  if (choice.json) return printJson(lanes);
  const parts = [ledgerTable(lanes), setAsideTable(setAside)].filter((part) => part !== "");
  print(parts.join("\n\n"));
}

async function verify(choice: LedgerOptions): Promise<void> {
  await using storage = await openRunStorage(choice);
  const { log, rollouts, folder, coordinator } = storage;
  const status = coordinator === null ? null : () => coordinator.status();
  const found = await verifyRun({ log, rollouts, archive: folder.archive, status });
  if (choice.json) printJson(found);
  else print(describeVerification(found));
  if (found.discrepancies.length > 0) process.exitCode = EXIT.fatal;
}

async function trainAnew(choice: LedgerOptions): Promise<void> {
  await using storage = await openRunStorage(choice);
  const { log, rollouts, folder } = storage;
  const { seed, model, local, grpo, lora, optimizer } = await readRunConfig(folder.config);
  const options = { seed, gguf: model.gguf, ...local.updater, grpo, lora, optimizer };
  const record = await readTrainingRecord({ log, rollouts, archive: folder.archive });
  const steps: RetrainedStep[] = [];
  for await (const step of retrain(options, record)) {
    steps.push(step);
    if (!choice.json) print(describeRetrained(step));
  }
  if (choice.json) printJson(steps);
  else print(retrainingVerdict(steps));
  if (steps.some(({ agrees }) => !agrees)) process.exitCode = EXIT.fatal;
}

/** What became of every sample, and the instances that are not asked again. */
interface Books {
  readonly lanes: readonly LaneBalance[];
  readonly setAside: readonly SetAside[];
}

/** The books of a running run; null when it is not running. */
async function askCoordinator(choice: RunChoice): Promise<Books | null> {
  try {
    const { client } = await connectToRun(choice);
    await using _ = client;
    const { balances, setAside } = await client.status();
    return { lanes: balances, setAside };
  } catch (error) {
    if (error instanceof NotRunningError) return null;
    throw error;
  }
}

async function readBooks(choice: RunChoice): Promise<Books> {
  const folder = await findRunFolder(choice.runs, choice.run);
  const summary = await readSummary(folder);
  if (summary === null) {
    throw new RunFolderError(
      `the run ${folder.id} is not running and has no books yet: it never got to start`,
    );
  }
  const setAside = Object.entries(summary.unusable).map(([instance, reason]) => ({ instance, reason }));
  return { lanes: summary.ledger as LaneBalance[], setAside };
}
