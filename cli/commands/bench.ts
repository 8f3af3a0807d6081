import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { ConfigError, describeBytes } from "../../core/index.ts";
import { readModelInfo } from "../../llama/index.ts";
import { advise } from "../bench/advise.ts";
import { measureDecoding } from "../bench/measure-decoding.ts";
import { measureGradient } from "../bench/measure-gradient.ts";
import { measurePolicyChange } from "../bench/measure-policy-change.ts";
import type { ModelLoad } from "../bench/model-load.ts";
import type { BenchRow } from "../bench/row.ts";
import { parsePositive } from "../parse.ts";
import { note, print, printJson } from "../print.ts";
import { table } from "../show/table.ts";

const DEMO_MODEL = fileURLToPath(new URL("../../examples/demo/model/demo-q8_0.gguf", import.meta.url));

/** Of one engine. */
const MOST_SLOTS = 100;
/** Unless more are asked for: each takes its own memory. */
const MOST_LANES = 8;

interface BenchGiven extends Omit<ModelLoad, "gguf"> {
  readonly model: string;
  readonly json?: true;
}

/** `fleet bench`: how fast a model is on this machine, and what limits a run. */
export function addBenchCommand(program: Command): void {
  program
    .command("bench")
    .description(
      "how fast a model samples and trains on this machine, beside llama.cpp alone, and what limits a run",
    )
    .addOption(
      new Option("--model <file>", "a GGUF of architecture llama").default(DEMO_MODEL, "the demo's model"),
    )
    .addOption(
      new Option("--device <name>", "where it runs")
        .choices(["auto", "cuda", "vulkan", "cpu"])
        .default("cpu"),
    )
    .option("--slots <n>", "sequences that a worker decodes at once", parsePositive, 8)
    .option("--threads <n>", "of ggml in a worker, on a CPU", parsePositive, 1)
    .option(
      "--lanes <n>",
      "micro-batches that an updater computes at once, on a CPU",
      parsePositive,
      Math.min(MOST_LANES, availableParallelism()),
    )
    .option("--prompt-tokens <n>", "of a prompt", parsePositive, 256)
    .option("--completion-tokens <n>", "of a completion", parsePositive, 64)
    .option("--group <n>", "completions of a prompt", parsePositive, 8)
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nMeasure on a machine that does nothing else.\n\nExamples:\n  fleet bench\n  fleet bench --model model.gguf --slots 16 --prompt-tokens 2000 --json",
    )
    .action(bench);
}

async function bench({ model, json, ...given }: BenchGiven): Promise<void> {
  if (given.slots > MOST_SLOTS)
    throw new ConfigError(`--slots is ${given.slots}, should be at most ${MOST_SLOTS}`);
  const load: ModelLoad = { ...given, gguf: model };
  const { name, quantization, layers, embedding, vocabulary, sizeBytes } = await readModelInfo(model);
  note("measuring the worker's engine beside llama_decode alone");
  const decoding = await measureDecoding(load);
  note("measuring changes of the policy");
  const changes = await measurePolicyChange(load);
  note("measuring the updater's engine");
  const gradient = await measureGradient(load);
  const rows = [...decoding.rows, ...changes, ...gradient.rows];
  const notes = advise(load, decoding, gradient);
  if (json) {
    const about = { file: model, name, quantization, layers, embedding, vocabulary, sizeBytes };
    return printJson({ model: about, load: given, rows, settings: decoding.tried, notes });
  }
  print(
    `${name || model}: ${quantization}, ${layers} layers of ${embedding}, vocabulary ${vocabulary}, ${describeBytes(sizeBytes)}, on ${load.device}`,
  );
  print(table(["row", "value", "unit", "what"], rows.map(cellsOf)));
  for (const line of notes) print(line);
}

function cellsOf({ id, value, unit, what }: BenchRow): string[] {
  const shown = value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
  return [id, shown, unit, what];
}
