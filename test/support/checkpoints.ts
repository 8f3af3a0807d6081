import { type Checkpoint, type CheckpointIdentity, LoraConfig } from "../../updater/index.ts";

/** What the checkpoints of {@link checkpointThat} are of: an adapter of three parameters. */
export const CHECKPOINT_IDENTITY: CheckpointIdentity = {
  base: "b".repeat(64),
  seed: 3,
  lora: LoraConfig.parse({}),
  parameters: [
    { name: "blk.0.attn_q.weight.lora_a", rows: 1, columns: 2 },
    { name: "blk.0.attn_q.weight.lora_b", rows: 1, columns: 1 },
  ],
};

/** A checkpoint of step 1, with numbers that only an exact copy keeps. */
export function checkpointThat(given: Partial<Checkpoint>): Checkpoint {
  return {
    step: 1,
    adapter: "a".repeat(64),
    parameters: Float32Array.of(0.1, -0, 1e-42),
    moments: { mean: Float32Array.of(1, 2, 3), square: Float32Array.of(4, 5, 6), updates: 1 },
    batchDigest: "d".repeat(64),
    skipped: "",
    nonFiniteSteps: 0,
    metrics: { loss: 0.25, gaps: [{ variant: "Q8_0", tokens: 3 }] },
    ...given,
  };
}
