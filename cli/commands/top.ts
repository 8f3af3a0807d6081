import type { Command } from "commander";
import { createLogUpdate } from "log-update";
import { queryArchive } from "../../coordinator/index.ts";
import { dispositionOf, pause, terminationSignal } from "../../core/index.ts";
import { chooseRunningRun, connectToRun, type RunningRunChoice } from "../open-run.ts";
import { parsePositive } from "../parse.ts";
import { print } from "../print.ts";
import type { RunFolder } from "../run-folder.ts";
import { decimal } from "../show/numbers.ts";
import { progressLine } from "../show/progress-line.ts";
import { statusView } from "../show/status-view.ts";
import { visible } from "../show/visible.ts";

interface TopOptions extends RunningRunChoice {
  readonly every: number;
}

/** `fleet top`: `fleet status` again and again, with the newest step's best and worst rollout. */
export function addTopCommand(program: Command): void {
  chooseRunningRun(program.command("top"))
    .description(
      "a running run as it goes: progress, workers, what waits, the newest step's best and worst rollout",
    )
    .option("--every <seconds>", "between two looks", parsePositive, 2)
    .addHelpText(
      "after",
      "\nEnds with the run, or with Ctrl-C. Where the output is no terminal: a line a look.",
    )
    .action(watchRun);
}

async function watchRun({ every, ...choice }: TopOptions): Promise<void> {
  const stop = terminationSignal();
  const { client, folder } = await connectToRun(choice);
  await using _ = client;
  const show = process.stdout.isTTY ? createLogUpdate(process.stdout) : null;
  try {
    while (!stop.aborted) {
      const status = await client.status({ signal: stop });
      if (show === null) print(progressLine(status));
      else show(`${statusView(status)}\n\n${await extremesOf(folder)}`.trimEnd());
      if (status.state === "ended" || status.state === "failed") return;
      await pause(1_000 * every, stop);
    }
  } catch (error) {
    if (!stop.aborted || dispositionOf(error) !== "cancelled") throw error;
  } finally {
    show?.done();
  }
}

const NEWEST_STEP = `
  SELECT r.sequence, o.step, r.instance, r.reward, r.text
  FROM rollouts r JOIN outcomes o USING (sequence)
  WHERE o.outcome = 'trained' AND o.step = (SELECT max(step) FROM outcomes WHERE outcome = 'trained')
  ORDER BY r.reward DESC, r.sequence`;
const MOST_ROLLOUTS = 10_000;
const EXCERPT = 100;

/** Of the newest step that is in the archive; empty where that is on another host, or has none. */
async function extremesOf(folder: RunFolder | null): Promise<string> {
  if (folder === null) return "";
  const { rows } = await queryArchive(folder.archive, NEWEST_STEP, MOST_ROLLOUTS);
  const [best, worst] = [rows[0], rows.at(-1)];
  if (best === undefined || worst === undefined) return "";
  return [`best and worst rollout of step ${best["step"]}:`, describe(best), describe(worst)].join("\n");
}

function describe({ sequence, instance, reward, text }: Readonly<Record<string, unknown>>): string {
  const words = visible(String(text).replaceAll(/\s+/g, " "));
  const excerpt = words.length > EXCERPT ? `${words.slice(0, EXCERPT)}…` : words;
  return `  ${sequence}  ${decimal(Number(reward), 3)}  ${visible(String(instance))}: ${excerpt}`;
}
