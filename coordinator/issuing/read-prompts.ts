import type { Instance } from "../../core/index.ts";
import type { DatasetConfig, EvalConfig } from "../config.ts";
import { readDataset } from "../dataset/dataset.ts";
import type { Prompts } from "./next-tasks.ts";
import { createPromptOrder } from "./prompt-order.ts";

/** A run's instances, and the order in which they are asked. */
export interface RunPrompts {
  readonly prompts: Prompts;
  /** Training and held-out instances by id. */
  readonly instances: ReadonlyMap<string, Instance>;
}

/**
 * Reads both datasets of a run.
 *
 * @throws {UnusableDatasetError} in one sentence
 */
export async function readPrompts(options: {
  readonly seed: number;
  readonly dataset: DatasetConfig;
  readonly eval: EvalConfig;
}): Promise<RunPrompts> {
  const { dataset, eval: heldOut, seed } = options;
  const { badLinesAtMost } = dataset;
  const train = (await readDataset(dataset.train, { badLinesAtMost })).instances;
  const evaluated =
    heldOut.dataset.length === 0 ? [] : (await readDataset(heldOut.dataset, { badLinesAtMost })).instances;
  const byId = [...train, ...evaluated].map((instance) => [instance.id, instance] as const);
  return {
    prompts: {
      train: train.map(({ id }) => id),
      order: createPromptOrder(seed, train.length),
      heldOut: evaluated.map(({ id }) => id),
    },
    instances: new Map(byId),
  };
}
