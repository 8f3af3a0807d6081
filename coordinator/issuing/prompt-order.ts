import { permutation } from "../../core/index.ts";

/**
 * The order of training prompts: every instance once an epoch, each epoch in an order of its own that depends on the
 * seed alone, so that a run that goes on after a restart draws what it would have drawn.
 */
export interface PromptOrder {
  /** Index into the dataset of the prompt at `ordinal`, counted over all epochs. */
  instanceAt(ordinal: number): number;
}

/** @param count - instances of the dataset, at least one */
export function createPromptOrder(seed: number, count: number): PromptOrder {
  let epoch = -1;
  let order: number[] = [];
  return {
    instanceAt: (ordinal) => {
      const wanted = Math.floor(ordinal / count);
      if (wanted !== epoch) {
        epoch = wanted;
        order = permutation(count, `prompts/${seed}/${epoch}`);
      }
      return order[ordinal % count] ?? 0;
    },
  };
}
