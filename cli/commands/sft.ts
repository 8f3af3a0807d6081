import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { createLogUpdate } from "log-update";
import { ConfigError, readConfig } from "../../core/index.ts";
import type { Device } from "../../llama/index.ts";
import { runSft, SftConfig, type SftStep } from "../../updater/index.ts";
import { parsePositive } from "../parse.ts";
import { note, print } from "../print.ts";
import { parseYaml, readText } from "../read-run-config.ts";
import { openRunSignals } from "../run-signals.ts";
import { duration } from "../show/duration.ts";

interface SftCommandOptions {
  readonly device: Device;
  readonly threads: number;
  readonly metadata: ReadonlyMap<string, string>;
}

/** `fleet sft`: supervised fine-tuning. */
export function addSftCommand(program: Command): void {
  program
    .command("sft")
    .argument("<sft.yaml>", "what to train, on which pairs, in which phases")
    .description("supervised fine-tuning on prompt–completion pairs: a LoRA, or all weights of a small model")
    .addOption(
      new Option("--device <device>", "what computes")
        .choices(["auto", "cuda", "vulkan", "cpu"])
        .default("auto"),
    )
    .option("--threads <n>", "threads of llama.cpp", parsePositive, 1)
    .addOption(
      new Option("--metadata <key=value>", "written into the model; may be given more than once")
        .argParser(addPair)
        .default(new Map(), "none"),
    )
    .addHelpText(
      "after",
      "\nCtrl-C stops after the step in work; the same command goes on from there.\n\nExample:\n  fleet sft examples/demo/sft.yaml",
    )
    .action(sft);
}

async function sft(file: string, options: SftCommandOptions): Promise<void> {
  const config = absolutePaths(await readSftConfig(file), dirname(resolve(file)));
  using signals = openRunSignals(() => note("stopping after this step; Ctrl-C once more ends it at once"));
  const view = openStepView(process.stderr);
  const written = await runSft({ ...options, config, onStep: view }, signals);
  print(written ? `written: ${config.out}` : "stopped; the same command goes on from here");
}

async function readSftConfig(path: string): Promise<SftConfig> {
  return readConfig(SftConfig, parseYaml(await readText(path, "an sft.yaml"), path), path);
}

function absolutePaths(config: SftConfig, folder: string): SftConfig {
  const absolute = (path: string) => resolve(folder, path);
  const { model, template } = config;
  return {
    ...config,
    model:
      "base" in model
        ? { base: absolute(model.base) }
        : { fresh: { ...model.fresh, tokenizer: absolute(model.fresh.tokenizer) } },
    template: ["gguf", "raw"].includes(template) ? template : absolute(template),
    out: absolute(config.out),
    phases: config.phases.map((phase) => ({ ...phase, dataset: absolute(phase.dataset) })),
    ...(config.heldOut && { heldOut: { ...config.heldOut, dataset: absolute(config.heldOut.dataset) } }),
  };
}

/** One line that is redrawn on a terminal; elsewhere a line for each measurement. */
function openStepView(stream: NodeJS.WriteStream): (step: SftStep) => void {
  const live = stream.isTTY ? createLogUpdate(stream) : null;
  let heldOut = "";
  return (step) => {
    if (step.heldOutNll !== null) heldOut = `  held-out nll ${step.heldOutNll.toFixed(3)}`;
    const line = `${describeStep(step)}${heldOut}`;
    if (live !== null) live(line);
    else if (step.heldOutNll !== null || step.step === step.steps) stream.write(`${line}\n`);
  };
}

function describeStep({ phase, step, steps, nll, tokensPerSecond, secondsLeft }: SftStep): string {
  return `${phase} ${step}/${steps}  nll ${nll.toFixed(3)}  ${Math.round(tokensPerSecond)} tok/s  ${duration(secondsLeft)} left`;
}

function addPair(text: string, before: ReadonlyMap<string, string>): Map<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new ConfigError(`--metadata takes key=value, not "${text}"`);
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}
