import { statfs } from "node:fs/promises";
import { openPromptRenderer, readDataset } from "../coordinator/index.ts";
import { describeBytes, FleetError } from "../core/index.ts";
import { type ModelInfo, openEngine, readModelInfo } from "../llama/index.ts";
import { checkRewards } from "./check-rewards.ts";
import { checkTls } from "./check-tls.ts";
import { checkVariants } from "./pool-model.ts";
import type { RunConfig } from "./run-config.ts";

/** The run cannot work as configured. */
export class RunDoesNotFitError extends FleetError {
  readonly code = "cli.run_does_not_fit";
  readonly disposition = "reject";
}

/** Prompts that are measured; a larger dataset is judged by its first ones. */
const MEASURED_PROMPTS = 512;
/** Of a rollout: token id, log-probability and entropy, and what surrounds them. */
const ROLLOUT_BYTES_PER_TOKEN = 12;
const ROLLOUT_BYTES = 4_096;

/** What was found out of a run before it. */
export interface RunFacts {
  /** For a person, one a line. */
  readonly findings: readonly string[];
  readonly model: ModelInfo;
  /** In tokens, of those that fit. */
  readonly longestPrompt: number;
}

/**
 * Checks what can be checked before anything is started: model, dataset, prompts, and room for what is written.
 *
 * @throws what makes the run impossible, in one sentence
 */
export async function checkBeforeRun(config: RunConfig): Promise<RunFacts> {
  await checkTls(config.tls);
  await checkRewards(config.reward);
  const model = await readModelInfo(config.model.gguf);
  await checkVariants(config, model);
  const { badLinesAtMost } = config.dataset;
  const train = await readDataset(config.dataset.train, { badLinesAtMost });
  const heldOut =
    config.eval.dataset.length === 0 ? null : await readDataset(config.eval.dataset, { badLinesAtMost });
  const prompts = await measurePrompts(config, train.instances);
  const findings = [
    `model: ${model.quantization}, ${model.layers} layers of ${model.embedding}, vocabulary ${model.vocabulary}, ${describeBytes(model.sizeBytes)}, digest ${model.digest}`,
    `dataset: ${train.instances.length} instances, ${train.bad} lines that cannot be used`,
    heldOut === null ? "evaluation: none" : `evaluation: ${heldOut.instances.length} held-out instances`,
    prompts.finding,
    await diskLine(config),
  ];
  return { findings, model, longestPrompt: prompts.longest };
}

/**
 * Counts the tokens of prompts and compares them with the context.
 *
 * @throws {RunDoesNotFitError} when none fits
 */
async function measurePrompts(
  { model, dataset, sampling }: RunConfig,
  instances: Awaited<ReturnType<typeof readDataset>>["instances"],
): Promise<{ finding: string; longest: number }> {
  const render = await openPromptRenderer(dataset.prompt);
  const measured = instances.slice(0, MEASURED_PROMPTS);
  await using engine = await openEngine(
    {
      gguf: model.gguf,
      template: model.template,
      exact: false,
      device: "cpu",
      slots: 1,
      contextTokens: 16,
      threads: 1,
    },
    "the tokenizer",
  );
  const lengths: number[] = [];
  for (const instance of measured) {
    const messages = render(instance).map(({ role = "", content = "" }) => ({ role, content }));
    lengths.push((await engine.tokenizePrompt(messages)).length);
  }
  const longest = Math.max(...lengths);
  const shortest = Math.min(...lengths);
  const room = model.contextTokens - sampling.maxTokens;
  const tooLong = lengths.filter((length) => length > room).length;
  if (tooLong === lengths.length) {
    throw new RunDoesNotFitError(
      `no prompt fits: the shortest has ${shortest} tokens and model.contextTokens ${model.contextTokens} leaves ${room} beside sampling.maxTokens ${sampling.maxTokens}; at least ${shortest + sampling.maxTokens} are needed, ${longest + sampling.maxTokens} for every prompt`,
    );
  }
  const skipped = tooLong === 0 ? "all fit" : `${tooLong} do not fit and will be skipped by name`;
  const finding = `prompts: ${shortest} to ${longest} tokens (${lengths.length} measured), ${skipped}`;
  return { finding, longest: Math.min(longest, room) };
}

async function diskLine({ steps, batch, sampling }: RunConfig): Promise<string> {
  const rollouts = steps * batch.prompts * batch.group;
  const bytes = rollouts * (ROLLOUT_BYTES + sampling.maxTokens * ROLLOUT_BYTES_PER_TOKEN);
  const { bavail, bsize } = await statfs(".");
  return `disk: up to ${describeBytes(bytes)} for ${rollouts.toLocaleString("en")} rollouts, ${describeBytes(bavail * bsize)} free here`;
}
