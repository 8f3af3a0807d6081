/**
 * What is said of an engine that found too little memory: what it takes, what is there, and what would fit.
 *
 * @module
 */
import { availableMemory } from "node:process";
import { describeBytes, FleetError } from "../../core/index.ts";
import { EngineDiedError, EngineError } from "../child/index.ts";
import type { MicroBatch } from "../gradients/micro-batch.ts";
import { packSequences } from "../gradients/packing.ts";
import { evenMicroBatch } from "./even-micro-batch.ts";
import { predictEngineMemory, predictGradientMemory } from "./predict-memory.ts";
import type { EngineMemory, EngineSizes, GradientMemory, GradientSizes } from "./protocol.ts";

/** Of an engine; see {@link EngineOptions.slots}. */
const MOST_SLOTS = 100;
/** The smallest that there is. */
const LEAST_BATCH = { groups: 1, promptTokens: 1, completions: 1, completionTokens: 1 };

/** What a decoding engine takes, in words. */
export function describeEngineMemory({ weights, cells, computing, process }: EngineMemory): string {
  return `${describeBytes(weights)} of weights, ${describeBytes(cells)} of KV cells, up to ${describeBytes(computing)} to compute with, ${describeBytes(process)} for the process`;
}

/** What a gradient engine takes, in words. */
export function describeGradientMemory({ weights, computing, process }: GradientMemory): string {
  return `${describeBytes(weights)} of weights and what is trained, ${describeBytes(computing)} for the largest micro-batch, ${describeBytes(process)} for the process`;
}

/** How many slots of the same context would fit, were all of it in the machine's own memory; 0 for none. */
export function slotsThatFit(memory: EngineMemory, slots: number): number {
  const { weights, process, cells, computing } = memory;
  const room = availableMemory() - weights - process;
  return Math.max(0, Math.min(MOST_SLOTS, Math.floor(room / ((cells + computing) / slots))));
}

/** The error of a decoding engine that could not be opened, with what it takes where that may be the reason. */
export async function explainEngineLack(error: unknown, sizes: EngineSizes): Promise<unknown> {
  return explain(error, async () => {
    const memory = await predictEngineMemory(sizes);
    const fitting = slotsThatFit(memory, sizes.slots);
    const instead = fitting > 0 ? `${fitting} slots` : "a shorter context or a smaller quantization";
    const asked = `${sizes.slots} slots of ${sizes.contextTokens} tokens take ${describeEngineMemory(memory)}`;
    if (sizes.device !== "cpu") return asked;
    return `${asked}; ${describeBytes(availableMemory())} are free here, in which ${instead} would fit`;
  });
}

/** The error of a gradient engine that could not be opened, with what it takes where that may be the reason. */
export async function explainGradientLoad(
  error: unknown,
  sizes: Omit<GradientSizes, "microBatch" | "withReference">,
): Promise<unknown> {
  return explain(error, async () => {
    const microBatch = evenMicroBatch(LEAST_BATCH);
    const { weights, process } = await predictGradientMemory({ ...sizes, microBatch, withReference: false });
    const asked = `${describeBytes(weights)} of weights and what is trained, ${describeBytes(process)} for the process, before any micro-batch`;
    if (sizes.device !== "cpu") return asked;
    return `${asked}; ${describeBytes(availableMemory())} are free here: a smaller quantization or rank may fit`;
  });
}

/** The error of a gradient engine in the middle of a micro-batch, with what that takes where it may be the reason. */
export async function explainGradientLack(
  error: unknown,
  sizes: Omit<GradientSizes, "microBatch" | "withReference">,
  microBatch: MicroBatch,
): Promise<unknown> {
  return explain(error, async () => {
    const memory = await predictGradientMemory({ ...sizes, microBatch, withReference: true });
    // As a budget of tokens counts them: a prompt that is shared once.
    const tokens = packSequences(microBatch).rows.reduce((sum, { queries }) => sum + queries.length, 0);
    const room = availableMemory() - memory.weights - memory.process;
    const share = Math.max(0, Math.min(1, room / memory.computing));
    const asked = `${microBatch.sequences.length} sequences of ${tokens} tokens together take ${describeGradientMemory(memory)}`;
    if (sizes.device !== "cpu") return asked;
    return `${asked}; ${describeBytes(availableMemory())} are free here, in which micro-batches of about ${Math.floor(share * tokens)} tokens would fit`;
  });
}

/** Whether too little memory may be why. */
export function isLackOfMemory(error: unknown): error is FleetError {
  if (error instanceof EngineDiedError) return error.wasKilled;
  return error instanceof FleetError && error.code === "llama.device_memory";
}

async function explain(error: unknown, describe: () => Promise<string>): Promise<unknown> {
  if (!isLackOfMemory(error)) return error;
  const described = await describe().catch(() => null); // The first error is the one that counts.
  if (described === null) return error;
  const message = `${error.message}; ${described}`;
  if (error instanceof EngineDiedError)
    return new EngineDiedError(message, { cause: error, wasKilled: true });
  return new EngineError({ code: error.code, disposition: error.disposition, message });
}

/** Bytes of all parts together. */
export function totalOf({
  weights,
  computing,
  process,
  cells = 0,
}: GradientMemory & Partial<Pick<EngineMemory, "cells">>): number {
  return weights + computing + process + cells;
}
