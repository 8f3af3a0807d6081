import { availableMemory } from "node:process";
import { describeBytes, FleetError } from "../../core/index.ts";
import {
  type Device,
  describeEngineMemory,
  describeGradientMemory,
  evenMicroBatch,
  type MicroBatchSizes,
  type ModelInfo,
  predictEngineMemory,
  predictGradientMemory,
  readModelInfo,
  slotsThatFit,
  type ToldDecoding,
  totalOf,
} from "../../llama/index.ts";
import { GrpoConfig, LoraConfig } from "../../updater/index.ts";
import { adaptersOfWorker, copiesOfTrained, largestMicroBatch } from "../run-memory.ts";
import type { Finding } from "./finding.ts";

/** How a model would be run. */
export interface ModelUse {
  readonly gguf: string;
  readonly device: Device;
  readonly slots: number;
  readonly contextTokens: number;
  readonly threads: number;
  readonly exact: boolean;
  readonly decoding: ToldDecoding;
  /** The longest completion; prompts take the rest of the context. */
  readonly completionTokens: number;
  /** Completions of a prompt. */
  readonly group: number;
}

/**
 * What a model is, and what a worker and an updater take with it; nothing of it is loaded.
 *
 * @throws {FleetError} in one sentence when the GGUF or the device cannot be used
 */
export async function examineModel(use: ModelUse): Promise<Finding[]> {
  const model = await readModelInfo(use.gguf);
  return [describe(model), await worker(use, model), await updater(use, model).catch(tooLong)];
}

/** Texts may be too long for an updater, and a worker can do with them. */
function tooLong(error: unknown): Finding {
  if (!(error instanceof FleetError)) throw error;
  return { what: "updater", works: false, detail: error.message };
}

function describe(model: ModelInfo): Finding {
  const { name, quantization, layers, embedding, vocabulary, sizeBytes, template } = model;
  const templateOf = template === null ? "no chat template of its own" : "with a chat template";
  const detail = `${name || "no name"}: ${quantization}, ${layers} layers of ${embedding}, vocabulary ${vocabulary}, ${describeBytes(sizeBytes)}, ${templateOf}`;
  return { what: "model", works: true, detail };
}

async function worker(use: ModelUse, model: ModelInfo): Promise<Finding> {
  const memory = await predictEngineMemory(use);
  const adapters = adaptersOfWorker(LoraConfig.parse({}), model);
  const sentence = `${use.slots} slots of ${use.contextTokens} tokens on ${use.device}: ${describeEngineMemory(memory)}, ${describeBytes(adapters)} for adapters`;
  const fitting = slotsThatFit({ ...memory, process: memory.process + adapters }, use.slots);
  const less = fitting > 0 ? `${fitting} slots` : "a shorter context, or a smaller quantization";
  return { what: "worker", ...verdict(sentence, totalOf(memory) + adapters, use, less) };
}

async function updater(use: ModelUse, model: ModelInfo): Promise<Finding> {
  const lora = LoraConfig.parse({});
  const microBatch = microBatchOf(use);
  const memory = await predictGradientMemory({
    ...use,
    trainable: { kind: "lora", ...lora },
    lanes: 1,
    microBatch: evenMicroBatch(microBatch),
    withReference: true,
  });
  const copies = copiesOfTrained(lora, model);
  const { groups, promptTokens, completions, completionTokens } = microBatch;
  const batch = `${groups * completions} completions of ${completionTokens} tokens after ${groups === 1 ? "a prompt" : `${groups} prompts`} of ${promptTokens}`;
  const sentence = `${batch} at once: ${describeGradientMemory(memory)}, ${describeBytes(copies)} beside it for what is trained`;
  const needed = totalOf(memory) + copies;
  return { what: "updater", ...verdict(sentence, needed, use, "a smaller grpo.tokenBudget") };
}

function microBatchOf({ contextTokens, completionTokens, group }: ModelUse): MicroBatchSizes {
  const { tokenBudget } = GrpoConfig.parse({});
  const promptTokens = Math.max(1, contextTokens - completionTokens);
  return largestMicroBatch({ promptTokens, completionTokens, group, prompts: 1, tokenBudget });
}

/** On a GPU the device itself says whether it has room, when it is opened. */
function verdict(
  sentence: string,
  needed: number,
  { device }: ModelUse,
  less: string,
): Pick<Finding, "works" | "detail"> {
  const free = availableMemory();
  const total = `${sentence}; ${describeBytes(needed)} in all`;
  if (device !== "cpu" || needed <= free) return { works: true, detail: total };
  const lack = `${describeBytes(free)} are free: take ${less}`;
  return { works: false, detail: `${total}, and ${lack}` };
}
