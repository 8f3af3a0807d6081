import { resolve } from "node:path";
import type { Command } from "commander";
import { writeFileDurably } from "../../core/index.ts";
import { plotRun } from "../export/plot.ts";
import { chooseRun, type RunChoice } from "../open-run.ts";
import { parseFileOut } from "../parse.ts";
import { print } from "../print.ts";
import { requireSummary } from "../read-summary.ts";
import { findRunFolder } from "../run-folder.ts";

/** `fleet plot`: the curves of a run as a picture. */
export function addPlotCommand(program: Command): void {
  chooseRun(program.command("plot"))
    .description("the curves of a run as SVG: reward, held-out, KL, entropy, ratio, seconds, staleness")
    .requiredOption("--out <file>", "SVG file to write", parseFileOut)
    .addHelpText("after", "\nExample:\n  fleet plot --out curves.svg")
    .action(plot);
}

async function plot(options: RunChoice & { readonly out: string }): Promise<void> {
  const folder = await findRunFolder(options.runs, options.run);
  const summary = await requireSummary(folder);
  const out = resolve(options.out);
  await writeFileDurably(out, plotRun(summary));
  print(`${out}: ${summary.steps.length} steps of run ${folder.id}`);
}
