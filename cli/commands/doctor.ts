import { type Command, Option } from "commander";
import { ConfigError } from "../../core/index.ts";
import { DecodingConfig, type ToldDecoding } from "../../llama/index.ts";
import { examineMachine } from "../doctor/examine-machine.ts";
import { examineModel, type ModelUse } from "../doctor/examine-model.ts";
import type { Finding } from "../doctor/finding.ts";
import { tryModel } from "../doctor/try-model.ts";
import { EXIT } from "../exit.ts";
import { parsePositive } from "../parse.ts";
import { print, printJson } from "../print.ts";

const DECODING = DecodingConfig.parse({});
const { flashAttention: WHEN, cells: CELLS } = DecodingConfig.shape;

interface DoctorGiven extends Omit<ModelUse, "gguf" | "decoding">, ToldDecoding {
  readonly setup?: true;
  readonly json?: true;
  readonly try?: true;
}

/** `fleet doctor`: what this machine offers, and what a model takes of it. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .argument("[model]", "a GGUF: also what it is, and the memory that a worker and an updater take with it")
    .description("what this machine offers: Node, llama.cpp's libraries, devices, nats-server, memory")
    .option("--setup", "make what is missing, and say only what was made or does not work")
    .addOption(
      new Option("--device <name>", "where the model runs")
        .choices(["auto", "cuda", "vulkan", "cpu"])
        .default("cpu"),
    )
    .option("--slots <n>", "sequences that a worker decodes at once", parsePositive, 8)
    .option("--context-tokens <n>", "the longest prompt and completion together", parsePositive, 4_096)
    .option("--completion-tokens <n>", "the longest completion", parsePositive, 1_024)
    .option("--group <n>", "completions of a prompt", parsePositive, 8)
    .option("--threads <n>", "of ggml, on a CPU", parsePositive, 1)
    .option(
      "--exact",
      "as model.exact: a float32 KV cache with cells of its own for each sequence, no flash attention, weights as the file has them",
      false,
    )
    .addOption(
      new Option("--flash-attention <when>", "as model.decoding.flashAttention")
        .choices(WHEN.unwrap().options)
        .default(DECODING.flashAttention),
    )
    .addOption(
      new Option("--cells <type>", "as model.decoding.cells")
        .choices(CELLS.unwrap().options)
        .default(DECODING.cells),
    )
    .option("--repacked", "as model.decoding.repacked", DECODING.repacked)
    .option(
      "--try",
      "also load the model and generate: how fast, and whether a seed gives the same tokens again",
    )
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nExamples:\n  fleet doctor\n  fleet doctor model.gguf --slots 16 --context-tokens 8192\n  fleet doctor model.gguf --try",
    )
    .action(examine);
}

async function examine(gguf: string | undefined, given: DoctorGiven): Promise<void> {
  const findings = await examineMachine();
  if (gguf !== undefined) {
    const { flashAttention, cells, repacked } = given;
    if (given.completionTokens >= given.contextTokens)
      throw new ConfigError("--completion-tokens must leave room for a prompt within --context-tokens");
    const use = { ...given, gguf, decoding: { flashAttention, cells, repacked } };
    findings.push(...(await examineModel(use)));
    if (given.try) findings.push(...(await tryModel(use)));
  }
  const bad = findings.filter((finding) => !finding.works);
  if (bad.some((finding) => finding.what !== "device")) process.exitCode = EXIT.mistake;
  if (given.json) return printJson(findings);
  const shown = given.setup ? findings.filter(({ what, works }) => !works && what !== "device") : findings;
  for (const finding of shown) print(`${markOf(finding)} ${finding.what.padEnd(12)} ${finding.detail}`);
}

/** A device that is not there is no fault: the CPU does. */
function markOf({ what, works }: Finding): string {
  if (works) return "✓";
  return what === "device" ? "–" : "✗";
}
