import type { Instance } from "../../core/index.ts";
import type { DatasetConfig, EvalConfig } from "../config.ts";
import { type BadLine, readDataset } from "../dataset/dataset.ts";
import type { Prompts } from "./next-tasks.ts";
import { createPromptOrder } from "./prompt-order.ts";

/** A run's instances, and the order in which they are asked. */
export interface RunPrompts {
  readonly prompts: Prompts;
  /** Training and held-out instances by id. */
  readonly instances: ReadonlyMap<string, Instance>;
  /** Lines of both datasets that were left out. */
  readonly badLines: readonly BadLine[];
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
  const train = await readDataset(dataset.train, { badLinesAtMost });
  const files = heldOut.dataset;
  const evaluated = files.length === 0 ? null : await readDataset(files, { badLinesAtMost });
  const heldOutInstances = evaluated?.instances ?? [];
  const byId = [...train.instances, ...heldOutInstances].map((instance) => [instance.id, instance] as const);
  return {
    prompts: {
      train: train.instances.map(({ id }) => id),
      order: createPromptOrder(seed, train.instances.length),
      heldOut: heldOutInstances.map(({ id }) => id),
    },
    instances: new Map(byId),
    badLines: [...train.badLines, ...(evaluated?.badLines ?? [])],
  };
}
