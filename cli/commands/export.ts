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
import { csvLine } from "../export/csv.ts";
import { eventFile } from "../export/event-file.ts";
import { type RolloutFormat, rolloutPieces } from "../export/export-rollouts.ts";
import { writePieces } from "../export/file-out.ts";
import { pointsOf, STEP_SERIES } from "../export/series.ts";
import { chooseRun, type RunChoice } from "../open-run.ts";
import { parseCount, parseFileOut, parsePositive } from "../parse.ts";
import { print } from "../print.ts";
import { readRunConfig } from "../read-run-config.ts";
import { requireSummary } from "../read-summary.ts";
import { findRunFolder } from "../run-folder.ts";

interface AdapterOptions extends RunChoice {
  readonly format: "gguf" | "peft" | "merged-gguf";
  readonly out: string;
  readonly step?: number;
}

/** `fleet export`: what a run has learnt, sampled and measured, for others to load. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("write what a run has learnt, sampled or measured, for others to load")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet export adapter --out repair.gguf\n  fleet export rollouts --format trl --out rollouts.jsonl\n  fleet export metrics --format tensorboard --out logs",
    );
  addAdapter(command);
  addRollouts(command);
  addMetrics(command);
}

function addAdapter(command: Command): void {
  chooseRun(command.command("adapter"))
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

async function exportAdapter(options: AdapterOptions): Promise<void> {
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

interface RolloutsOptions extends RunChoice {
  readonly format: RolloutFormat;
  readonly out: string;
  readonly lane?: "train" | "eval";
  readonly step?: number;
}

function addRollouts(command: Command): void {
  chooseRun(command.command("rollouts"))
    .description("the finished rollouts of a run's archive, with what became of them")
    .addOption(
      new Option(
        "--format <format>",
        "prompt, completion and reward for TRL; everything as JSON lines; or a table without what is kept for each token",
      )
        .choices(["trl", "jsonl", "csv"])
        .default("jsonl"),
    )
    .requiredOption("--out <file>", "file to write", parseFileOut)
    .addOption(new Option("--lane <lane>", "of one lane").choices(["train", "eval"]))
    .option("--step <n>", "of one step's batch, or of the evaluation of that version", parseCount)
    .addHelpText(
      "after",
      "\nExample:\n  fleet export rollouts --format trl --lane train --out rollouts.jsonl",
    )
    .action(exportRollouts);
}

async function exportRollouts({ format, lane, step, ...options }: RolloutsOptions): Promise<void> {
  const folder = await findRunFolder(options.runs, options.run);
  const { model } = await readRunConfig(folder.config);
  const out = resolve(options.out);
  const choice = { ...(lane && { lane }), ...(step !== undefined && { step }) };
  let count = format === "csv" ? -1 : 0; // Its first line is the header.
  const counted = async function* () {
    for await (const piece of rolloutPieces(folder.archive, format, choice, model.gguf)) {
      count += 1;
      yield piece;
    }
  };
  await writePieces(out, counted());
  print(`${out}: ${count} rollouts of run ${folder.id}`);
}

interface MetricsOptions extends RunChoice {
  readonly format: "csv" | "tensorboard";
  readonly out: string;
}

function addMetrics(command: Command): void {
  chooseRun(command.command("metrics"))
    .description("what was measured of each step")
    .addOption(
      new Option("--format <format>", "a table with a line a step, or TensorBoard's event file")
        .choices(["csv", "tensorboard"])
        .default("csv"),
    )
    .requiredOption("--out <path>", "file to write; a folder for tensorboard")
    .addHelpText("after", "\nExample:\n  fleet export metrics --format tensorboard --out logs")
    .action(exportMetrics);
}

async function exportMetrics(options: MetricsOptions): Promise<void> {
  const folder = await findRunFolder(options.runs, options.run);
  const summary = await requireSummary(folder);
  const { steps } = summary;
  const isTable = options.format === "csv";
  // TensorBoard takes a file for its own by the word that its name begins with.
  const out = isTable ? resolve(options.out) : resolve(options.out, `events.out.tfevents.${folder.id}`);
  await mkdir(dirname(out), { recursive: true });
  const header = ["step", "ended_at", ...Object.keys(STEP_SERIES)];
  const lines = steps.map((step) => [
    step.step,
    step.endedAt,
    ...Object.values(STEP_SERIES).map((of) => of(step)),
  ]);
  await writeFileDurably(
    out,
    isTable ? [header, ...lines].map(csvLine).join("") : eventFile(pointsOf(summary)),
  );
  print(`${out}: ${steps.length} steps of run ${folder.id}`);
}
