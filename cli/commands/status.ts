import type { Command } from "commander";
import { dashboardLinkOf } from "../dashboard.ts";
import { chooseRunningRun, connectToRun, type RunningRunChoice } from "../open-run.ts";
import { print, printJson } from "../print.ts";
import { statusView } from "../show/status-view.ts";

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
  const page = folder === null ? pageInCluster(choice) : await dashboardLinkOf(folder);
  print(page === null ? statusView(status) : `${statusView(status)}\n\ndashboard: ${page}`);
}

/** What opens the page of a run in a cluster. */
function pageInCluster({ release, context, namespace }: RunningRunChoice): string | null {
  if (release === undefined) return null;
  const where = Object.entries({ release, context, namespace }).filter(([, value]) => value !== undefined);
  return `fleet dashboard ${where.map(([name, value]) => `--${name} ${value}`).join(" ")}`;
}
