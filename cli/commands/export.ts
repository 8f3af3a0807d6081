import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { writeFileDurably } from "../../core/index.ts";
import {
  checkAdapterFits,
  decodeAdapter,
  readModelInfo,
  writeMergedModel,
  writePeftAdapter,
} from "../../llama/index.ts";
import { readAdapter } from "../../updater/index.ts";
import { chooseRun, type RunChoice } from "../open-run.ts";
import { parsePositive } from "../parse.ts";
import { print } from "../print.ts";
import { readRunConfig } from "../read-run-config.ts";
import { findRunFolder } from "../run-folder.ts";

interface ExportOptions extends RunChoice {
  readonly format: "gguf" | "peft" | "merged-gguf";
  readonly out: string;
  readonly step?: number;
}

/** `fleet export adapter`: what a run has learnt, for others to load. */
export function addExportCommand(program: Command): void {
  const adapter = program
    .command("export")
    .description("write what a run has learnt, for others to load")
    .addHelpText("after", "\nExample:\n  fleet export adapter --out repair.gguf")
    .command("adapter");
  chooseRun(adapter)
    .description("the newest adapter of a run, or that of a step whose checkpoint is kept")
    .addOption(
      new Option(
        "--format <format>",
        "llama.cpp's adapter, Hugging Face PEFT's folder, or the base with it merged in",
      )
        .choices(["gguf", "peft", "merged-gguf"])
        .default("gguf"),
    )
    .requiredOption("--out <path>", "file to write; a folder for peft")
    .option("--step <n>", "of this step, in place of the newest", parsePositive)
    .addHelpText(
      "after",
      "\nExamples:\n  fleet export adapter --out repair.gguf\n  fleet export adapter --format peft --out repair-peft\n  fleet export adapter --format merged-gguf --out repaired-model.gguf",
    )
    .action(exportAdapter);
}

async function exportAdapter(options: ExportOptions): Promise<void> {
  const folder = await findRunFolder(options.runs, options.run);
  const { model } = await readRunConfig(folder.config);
  const { step, adapter } = await readAdapter(folder.checkpoints, options.step);
  const out = resolve(options.out);
  await mkdir(dirname(out), { recursive: true });
  switch (options.format) {
    case "gguf":
      checkAdapterFits(decodeAdapter(adapter), await readModelInfo(model.gguf));
      await writeFileDurably(out, adapter);
      break;
    case "peft":
      await writePeftAdapter(out, await readModelInfo(model.gguf), adapter);
      break;
    case "merged-gguf":
      await writeMergedModel(out, model.gguf, adapter);
      break;
    default:
      return options.format satisfies never;
  }
  print(`${out}: the adapter of step ${step} of run ${folder.id}`);
}
