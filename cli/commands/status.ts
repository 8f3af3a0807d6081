import type { Command } from "commander";
import type { StatusAnswer } from "../../proto/index.ts";
import { dashboardLinkOf } from "../dashboard.ts";
import { chooseRunningRun, connectToRun, type RunningRunChoice } from "../open-run.ts";
import { print, printJson } from "../print.ts";
import { ledgerTable } from "../show/ledger-table.ts";
import { poolsTable } from "../show/pools-table.ts";
import { progressLine } from "../show/progress-line.ts";
import { table } from "../show/table.ts";
import { setAsideTable, waitsTable } from "../show/waits-table.ts";

/** `fleet status`: what a running run does at this moment. */
export function addStatusCommand(program: Command): void {
  chooseRunningRun(program.command("status"))
    .description("what a running run does at this moment: step, reward, workers, books, what waits")
    .option("--json", "for scripts")
    .addHelpText("after", "\nExamples:\n  fleet status\n  fleet status --run demo-20260101-120000 --json")
    .action(showStatus);
}

async function showStatus(choice: RunningRunChoice & { json?: true }): Promise<void> {
  const { client, folder } = await connectToRun(choice);
  await using _ = client;
  const status = await client.status();
  if (choice.json) return printJson(status);
  const link = folder && (await dashboardLinkOf(folder));
  print(link === null ? describe(status) : `${describe(status)}\n\ndashboard: ${link}`);
}

function describe(status: StatusAnswer): string {
  const workers = status.workers.map((worker) => [
    worker.name,
    worker.pool,
    worker.device,
    worker.variant,
    `${worker.busySlots}/${worker.slots}`,
    worker.policyVersion,
    Math.round(worker.tokensPerSecond),
  ]);
  return [
    `${status.run}: ${status.state}${status.reason === "" ? "" : ` (${status.reason})`}\n${progressLine(status)}`,
    table(["worker", "pool", "device", "variant", "slots", "policy", "tok/s"], workers),
    poolsTable(status.pools),
    waitsTable(status.waits),
    setAsideTable(status.setAside),
    ledgerTable(status.balances),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
