import type { MicroBatch } from "../gradients/micro-batch.ts";

/** A micro-batch by its sizes: groups of completions that share a prompt. */
export interface MicroBatchSizes {
  readonly groups: number;
  readonly promptTokens: number;
  /** Of each group. */
  readonly completions: number;
  readonly completionTokens: number;
}

/** A micro-batch of these sizes, to ask what it would take: its tokens stand for none, and prompts are all that is shared. */
export function evenMicroBatch(sizes: MicroBatchSizes): MicroBatch {
  const { groups, promptTokens, completions, completionTokens } = sizes;
  const sequences = Array.from({ length: groups * completions }, (_, index) => {
    const tokens = new Int32Array(promptTokens + completionTokens);
    tokens[0] = Math.floor(index / completions);
    return { tokens, from: promptTokens };
  });
  return { temperature: 1, sequences };
}
