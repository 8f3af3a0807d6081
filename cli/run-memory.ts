import { availableParallelism } from "node:os";
import { availableMemory } from "node:process";
import { describeBytes } from "../core/index.ts";
import {
  describeEngineMemory,
  describeGradientMemory,
  type EngineMemory,
  evenMicroBatch,
  largestDecoding,
  type MicroBatchSizes,
  type ModelInfo,
  numbersOfRank,
  predictEngineMemory,
  predictGradientMemory,
} from "../llama/index.ts";
import type { LoraConfig } from "../updater/index.ts";
import { poolModel } from "./pool-model.ts";
import type { RunFacts } from "./preflight.ts";
import type { RunConfig } from "./run-config.ts";

const F32_BYTES = 4;
/** Of what is trained, in the updater's own process: parameters and both moments, old and new, gradient, and what is published. */
const COPIES = 8;
/** That an engine holds while its policy changes: the one that it samples under, and the next. */
const ADAPTERS = 2;

/**
 * What a run's processes take, each found out by its engine's own code, which loads nothing for it.
 *
 * @returns lines for a person; the last says whether all of it fits
 */
export async function memoryLines(config: RunConfig, facts: RunFacts): Promise<string[]> {
  const { gguf } = config.model;
  const adapters = adaptersOfWorker(config.lora, facts.model);
  const lines: string[] = [];
  let needed = 0;
  const mapped = new Map<string, number>(); // Each file is mapped once, whoever shares it.
  for (const { count, device, slots, threads, variant } of config.local.workers) {
    const model = poolModel(config, variant);
    const decoding = largestDecoding(model.decoding);
    const sizes = { ...model, decoding, device, slots, threads };
    const memory = withDrains(await predictEngineMemory(sizes), config);
    const of = variant === undefined ? "" : ` with ${variant}`;
    lines.push(
      `worker × ${count} on ${device}${of}: ${describeEngineMemory(memory)}, ${describeBytes(adapters)} for adapters each`,
    );
    const own = memory.isShared ? 0 : memory.weights;
    needed += count * (own + memory.cells + memory.computing + memory.process + adapters);
    if (memory.isShared) mapped.set(model.gguf, memory.weights);
  }
  const weights = [...mapped.values()].reduce((sum, bytes) => sum + bytes, 0);
  const { device } = config.local.updater;
  const copies = copiesOfTrained(config.lora, facts.model);
  const memory = await predictGradientMemory({
    gguf,
    device,
    trainable: { kind: "lora", ...config.lora },
    lanes: config.grpo.lanes,
    microBatch: evenMicroBatch(
      largestMicroBatch({
        ...config.batch,
        promptTokens: facts.longestPrompt,
        completionTokens: config.sampling.maxTokens,
        tokenBudget: config.grpo.tokenBudget,
      }),
    ),
    withReference: true,
  });
  needed += weights + memory.weights + memory.computing + memory.process + copies;
  return [
    ...lines,
    `updater on ${device}: ${describeGradientMemory(memory)}, ${describeBytes(copies)} beside it for what is trained`,
    `this machine: ${availableParallelism()} cores, ${describeBytes(availableMemory())} of memory free`,
    memoryVerdict(needed, availableMemory()),
  ];
}

/** Samples that end under an older policy have cells of their own beside the new ones. */
function withDrains(memory: EngineMemory, { worker }: RunConfig): EngineMemory {
  if (worker.onPolicyUpdate !== "drain") return memory;
  return { ...memory, cells: 2 * memory.cells, computing: 2 * memory.computing };
}

/** Whether the sum of all processes fits, were all of it in the machine's own memory. */
export function memoryVerdict(neededBytes: number, freeBytes: number): string {
  const sum = `the engines take about ${describeBytes(neededBytes)} together`;
  return neededBytes <= freeBytes
    ? `memory: ${sum}, which fits`
    : `memory: DOES NOT FIT in this machine's own: ${sum}; take fewer workers, slots or model.contextTokens, or a smaller grpo.tokenBudget, unless a GPU's memory holds the rest`;
}

/** Sizes of what is trained on. */
export interface TrainedSizes {
  readonly prompts: number;
  readonly promptTokens: number;
  readonly group: number;
  readonly completionTokens: number;
  /** Most tokens of a micro-batch. */
  readonly tokenBudget: number;
}

/** As many groups of the longest prompts and completions as the budget takes, at least one sequence. */
export function largestMicroBatch(sizes: TrainedSizes): MicroBatchSizes {
  const { prompts, promptTokens, group, completionTokens, tokenBudget } = sizes;
  const fitting = Math.floor((tokenBudget - promptTokens) / completionTokens);
  const completions = Math.max(1, Math.min(fitting, group));
  const groups = Math.floor(tokenBudget / (promptTokens + completions * completionTokens));
  return { groups: Math.max(1, Math.min(groups, prompts)), promptTokens, completions, completionTokens };
}

/** Bytes of the adapters that a worker's engine holds at once. */
export function adaptersOfWorker(lora: LoraConfig, model: ModelInfo): number {
  return ADAPTERS * bytesOfAdapter(lora, model);
}

/** Bytes that the updater's own process holds of a LoRA, beside its engine. */
export function copiesOfTrained(lora: LoraConfig, model: ModelInfo): number {
  return COPIES * bytesOfAdapter(lora, model);
}

function bytesOfAdapter({ rank, targets }: LoraConfig, model: ModelInfo): number {
  return F32_BYTES * rank * numbersOfRank(model, targets);
}
