import { z } from "zod";

/**
 * How rollouts become a gradient. What SWE-RL published (arXiv:2502.18449) is the advantage and the clipped ratio;
 * every number here is this project's own.
 */
export const GrpoConfig = z.strictObject({
  ratio: z
    .enum(["prox", "behaviour"])
    .default("prox")
    .describe(
      "What the clipped ratio compares the new policy with. prox: the policy this step starts from, weighted by the truncated importance weight; behaviour: the policy that sampled, unweighted.",
    ),
  ratioLevel: z
    .enum(["token", "sequence"])
    .default("token")
    .describe("One ratio and weight a token, or their geometric mean over a completion (arXiv:2507.18071)."),
  baseline: z
    .enum(["mean", "leaveOneOut"])
    .default("mean")
    .describe(
      "What a reward is compared with: the mean of its group, or the mean of the others of its group.",
    ),
  scale: z
    .enum(["std", "none"])
    .default("std")
    .describe("Whether advantages are divided by the standard deviation of the group's rewards."),
  normalization: z
    .enum(["perToken", "perSequence", "constant"])
    .default("perToken")
    .describe(
      "What the loss is divided by. perToken: all loss tokens of the batch; perSequence: each completion by its length, then by their number; constant: each completion by `constant`, then by their number.",
    ),
  constant: z
    .number()
    .positive()
    .default(4096)
    .describe("Divisor of a completion's loss, in tokens; only with normalization constant."),
  clipLow: z.number().min(0).max(1).default(0.2).describe("The ratio counts down to 1 − clipLow."),
  clipHigh: z.number().min(0).default(0.28).describe("The ratio counts up to 1 + clipHigh."),
  beta: z.number().min(0).default(0).describe("Weight of the KL divergence from the reference policy."),
  kl: z
    .enum(["k1", "k2", "k3"])
    .default("k3")
    .describe(
      "Estimator of that divergence: k1 is taken off the advantage, k2 and k3 are added to the loss (http://joschu.net/blog/kl-approx.html).",
    ),
  klMicroBatches: z
    .int()
    .min(0)
    .default(1)
    .describe(
      "Micro-batches a step on which the divergence is measured, for the log, when beta is 0; others in every step.",
    ),
  weightCap: z.number().positive().default(2).describe("Largest importance weight of a token."),
  maskOverlong: z
    .boolean()
    .default(false)
    .describe(
      "Whether completions cut off at maxTokens are left out of the loss; they stay in the baseline.",
    ),
  tokenBudget: z
    .int()
    .positive()
    .default(16384)
    .describe(
      "Most tokens of a micro-batch, prompts of a group counted once; a single longer sequence is one of its own.",
    ),
  lanes: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      "Micro-batches computed at once on a CPU, each by `updater.threads` of its own; steps of enough groups are cut into a multiple of this many. Each takes its own memory.",
    ),
});

/** Validated {@link GrpoConfig}. */
export type GrpoConfig = z.output<typeof GrpoConfig>;

const LoraTarget = z.enum(["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]);

/** The low-rank adapter that is trained. */
export const LoraConfig = z.strictObject({
  rank: z.int().min(1).max(512).default(16).describe("Rank of each adapter matrix pair."),
  alpha: z.number().positive().default(32).describe("The adapter's product is multiplied by alpha / rank."),
  targets: z
    .array(LoraTarget)
    .min(1)
    .default([...LoraTarget.options])
    .describe("Projections of every layer that get an adapter."),
});

/** Validated {@link LoraConfig}. */
export type LoraConfig = z.output<typeof LoraConfig>;

/** AdamW (arXiv:1711.05101) and the course of its learning rate. */
export const OptimizerConfig = z.strictObject({
  learningRate: z.number().positive().default(2e-5).describe("Learning rate after warm-up."),
  warmupSteps: z.int().min(0).default(10).describe("Steps over which the learning rate rises from 0."),
  schedule: z
    .enum(["constant", "cosine", "linear"])
    .default("constant")
    .describe("How the learning rate falls from warm-up to the last step."),
  finalShare: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Share of the learning rate that is left after the last step; schedule constant ignores it."),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.95])
    .describe("Decay of the gradient's running mean and mean square, a step."),
  epsilon: z.number().positive().default(1e-8).describe("Added to the root of the mean square."),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe("Decay of the parameters, times the learning rate, a step."),
  clipNorm: z.number().positive().default(1).describe("Longest gradient; a longer one is scaled down to it."),
});

/** Validated {@link OptimizerConfig}. */
export type OptimizerConfig = z.output<typeof OptimizerConfig>;

/** Which checkpoints stay on disk. */
export const CheckpointConfig = z.strictObject({
  keepLast: z.int().min(1).default(3).describe("Newest checkpoints that are kept."),
  keepEvery: z.int().min(0).default(50).describe("Every this many steps one is kept for good; 0 keeps none."),
});

/** Validated {@link CheckpointConfig}. */
export type CheckpointConfig = z.output<typeof CheckpointConfig>;
