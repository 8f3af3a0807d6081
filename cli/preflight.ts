import { statfs } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { availableMemory } from "node:process";
import { openPromptRenderer, readDataset } from "../coordinator/index.ts";
import { FleetError } from "../core/index.ts";
import { type ModelInfo, openEngine, readModelInfo } from "../llama/index.ts";
import { checkRewards } from "./check-rewards.ts";
import { checkTls } from "./check-tls.ts";
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
const F16_BYTES = 2;
const F32_BYTES = 4;

/**
 * Checks what can be checked before anything is started: model, dataset, prompts, and what the run takes.
 *
 * @returns findings for a person, one a line
 * @throws what makes the run impossible, in one sentence
 */
export async function checkBeforeRun(config: RunConfig): Promise<string[]> {
  await checkTls(config.tls);
  await checkRewards(config.reward);
  const model = await readModelInfo(config.model.gguf);
  const { badLinesAtMost } = config.dataset;
  const train = await readDataset(config.dataset.train, { badLinesAtMost });
  const heldOut =
    config.eval.dataset.length === 0 ? null : await readDataset(config.eval.dataset, { badLinesAtMost });
  const prompts = await measurePrompts(config, train.instances);
  return [
    `model: ${model.quantization}, ${model.layers} layers of ${model.embedding}, vocabulary ${model.vocabulary}, ${mebibytes(model.sizeBytes)}, digest ${model.digest}`,
    `dataset: ${train.instances.length} instances, ${train.bad} lines that cannot be used`,
    heldOut === null ? "evaluation: none" : `evaluation: ${heldOut.instances.length} held-out instances`,
    prompts,
    ...memoryLines(config, model),
    await diskLine(config),
  ];
}

/**
 * Counts the tokens of prompts and compares them with the context.
 *
 * @throws {RunDoesNotFitError} when none fits
 */
async function measurePrompts(
  { model, dataset, sampling }: RunConfig,
  instances: Awaited<ReturnType<typeof readDataset>>["instances"],
): Promise<string> {
  const render = await openPromptRenderer(dataset.prompt);
  const measured = instances.slice(0, MEASURED_PROMPTS);
  await using engine = await openEngine(
    { ...model, device: "cpu", slots: 1, contextTokens: 16, threads: 1 },
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
  return `prompts: ${shortest} to ${longest} tokens (${lengths.length} measured), ${skipped}`;
}

function memoryLines(config: RunConfig, model: ModelInfo): string[] {
  const cellBytes =
    2 * model.layers * model.kvHeads * model.headSize * (config.model.exact ? F32_BYTES : F16_BYTES);
  const pools = config.local.workers.map((pool) => ({
    ...pool,
    cacheBytes: pool.slots * config.model.contextTokens * cellBytes,
  }));
  const trained = loraParameters(config, model);
  const parts = trained * F32_BYTES * 5; // Parameters, gradient, both moments, and the copy being published.
  const { tokenBudget, lanes } = config.grpo;
  const layerInputs = lanes * tokenBudget * model.embedding * (model.layers + 1) * F32_BYTES;
  const needed =
    pools.reduce((sum, { count, cacheBytes }) => sum + count * (model.sizeBytes + cacheBytes), 0) +
    model.sizeBytes +
    parts +
    layerInputs;
  return [
    ...pools.map(
      ({ count, device, cacheBytes }) =>
        `worker × ${count} on ${device}: ${mebibytes(model.sizeBytes)} of weights and ${mebibytes(cacheBytes)} of KV cache each`,
    ),
    `updater on ${config.local.updater.device}: ${mebibytes(model.sizeBytes)} of weights, ${trained.toLocaleString("en")} trained parameters (${mebibytes(parts)}), up to ${mebibytes(layerInputs)} of layer inputs`,
    `this machine: ${availableParallelism()} cores, ${mebibytes(availableMemory())} of memory free`,
    memoryVerdict(needed, availableMemory()),
  ];
}

/** Whether the sum of weights, caches and gradients fits, were all of it in the machine's own memory. */
export function memoryVerdict(neededBytes: number, freeBytes: number): string {
  const sum = `weights, KV caches and the gradient take about ${mebibytes(neededBytes)} together`;
  return neededBytes <= freeBytes
    ? `memory: ${sum}, which fits`
    : `memory: DOES NOT FIT in this machine's own: ${sum}; take fewer workers, slots or model.contextTokens, or a smaller grpo.tokenBudget, unless a GPU's memory holds the rest`;
}

function loraParameters({ lora }: RunConfig, model: ModelInfo): number {
  const kv = model.kvHeads * model.headSize;
  const q = model.heads * model.headSize;
  const sides = {
    attn_q: model.embedding + q,
    attn_k: model.embedding + kv,
    attn_v: model.embedding + kv,
    attn_output: q + model.embedding,
    ffn_gate: model.embedding + model.feedForward,
    ffn_up: model.embedding + model.feedForward,
    ffn_down: model.feedForward + model.embedding,
  };
  return lora.targets.reduce((sum, target) => sum + sides[target], 0) * lora.rank * model.layers;
}

async function diskLine({ steps, batch, sampling }: RunConfig): Promise<string> {
  const rollouts = steps * batch.prompts * batch.group;
  const bytes = rollouts * (ROLLOUT_BYTES + sampling.maxTokens * ROLLOUT_BYTES_PER_TOKEN);
  const { bavail, bsize } = await statfs(".");
  return `disk: up to ${mebibytes(bytes)} for ${rollouts.toLocaleString("en")} rollouts, ${mebibytes(bavail * bsize)} free here`;
}

function mebibytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
