import { z } from "zod";

/** What is trained on. */
export const DatasetConfig = z.strictObject({
  train: z.array(z.string().min(1)).min(1).describe("Files of instances: .jsonl, .jsonl.gz or .jsonl.zst."),
  prompt: z
    .string()
    .min(1)
    .default("swe-rl")
    .describe(
      "How an instance becomes a prompt: swe-rl (our wording, the paper's tags and edit format), raw (issue and files alone), or a text file with {{issue}} and {{files}}.",
    ),
  badLinesAtMost: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe("Largest share of lines that may be unusable; a run does not start above it."),
});

/** A validated `dataset` section. */
export type DatasetConfig = z.output<typeof DatasetConfig>;

/** Groups of a step, and how far sampling may run ahead of training. */
export const BatchConfig = z.strictObject({
  prompts: z.int().min(1).default(32).describe("Groups of an optimizer step."),
  group: z.int().min(2).max(1024).default(16).describe("Completions of a prompt."),
  staleness: z
    .int()
    .min(0)
    .default(4)
    .describe("Policy versions that a sample may be behind when it is trained on."),
  refillAtMost: z
    .int()
    .min(1)
    .default(4)
    .describe("Groups without signal that are replaced for one step, in batches; then the step is given up."),
});

/** A validated `batch` section. */
export type BatchConfig = z.output<typeof BatchConfig>;

/** How tokens are drawn. */
export const SamplingConfig = z.strictObject({
  temperature: z
    .number()
    .positive()
    .default(1)
    .describe("Divisor of the logits, in sampling and in training."),
  topK: z.int().min(0).default(0).describe("Only the so many most likely tokens; 0 is off."),
  topP: z.number().gt(0).max(1).default(1).describe("Only the most likely tokens of this mass; 1 is off."),
  minP: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("Only tokens of at least this share of the most likely one's probability; 0 is off."),
  maxTokens: z.int().min(1).default(4096).describe("Most tokens of a completion, its end token included."),
  stop: z.array(z.string().min(1)).default([]).describe("Strings that end a completion."),
});

/** A validated `sampling` section. */
export type SamplingConfig = z.output<typeof SamplingConfig>;

/** Held-out evaluation: before the first step, after the last, and between as often as `every` says. */
export const EvalConfig = z.strictObject({
  dataset: z
    .array(z.string().min(1))
    .default([])
    .describe("Files of held-out instances; none: no evaluation."),
  tasks: z.int().min(1).default(200).describe("Instances that are evaluated, the first ones of the files."),
  every: z.int().min(0).default(0).describe("Steps between evaluations; 0: at the start and the end only."),
  temperatures: z
    .array(z.number().min(0))
    .min(1)
    .default([0])
    .describe("One sample a task at each of these temperatures; 0 is greedy."),
});

/** A validated `eval` section. */
export type EvalConfig = z.output<typeof EvalConfig>;

/** How long a worker may be silent. */
export const LeaseConfig = z.strictObject({
  ackWaitMs: z
    .int()
    .min(1_000)
    .max(3_600_000)
    .default(30_000)
    .describe(
      "A task whose worker is silent for this long goes to another, in milliseconds; signs of life come every sixth of it.",
    ),
});

/** A validated `leases` section. */
export type LeaseConfig = z.output<typeof LeaseConfig>;

/** What a run keeps in nats-server. */
export const StorageConfig = z.strictObject({
  replicas: z
    .literal([1, 3, 5])
    .default(1)
    .describe(
      "Copies of each stream, each on a nats-server of its own; more than 1 needs a cluster. Chosen when the run starts.",
    ),
  rolloutsMiB: z
    .int()
    .min(1)
    .max(2 ** 30)
    .nullable()
    .default(null)
    .describe(
      "Most that rollouts take in nats-server before they go to the archive, in MiB; null: as much as there is room for.",
    ),
  archiveMiB: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe(
      "Most that the archive takes on disk, in MiB: its oldest files of rollouts are dropped, once every sample in them has its end; the outcomes of all samples stay. null: it keeps everything.",
    ),
});

/** A validated `storage` section. */
export type StorageConfig = z.output<typeof StorageConfig>;

/** How many workers each pool may have; see docs/scaling.md. */
export const ScalingConfig = z
  .strictObject({
    pools: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(
              /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/,
              "lower-case letters, digits and hyphens, at most 40",
            )
            .describe("As its workers say it with --pool."),
          min: z.int().min(0).default(0).describe("Fewest workers, as long as the run goes on."),
          max: z.int().min(0).describe("Most workers."),
          cost: z
            .number()
            .positive()
            .default(1)
            .describe(
              "Price of one worker for an hour, in a unit of one's own; the cheapest tokens come first.",
            ),
          startSeconds: z
            .number()
            .positive()
            .max(7_200)
            .default(120)
            .describe("From the decision to a worker's first token, in seconds: machine, image, model."),
          tokensPerSecond: z
            .number()
            .positive()
            .nullable()
            .default(null)
            .describe(
              "Of one worker with all slots at work, until it is measured; null: one worker is started first, to be measured.",
            ),
        }),
      )
      .default([])
      .describe("Pools whose size follows the work; none: nothing is scaled."),
  })
  .superRefine(({ pools }, context) => {
    pools.forEach(({ name, min, max }, index) => {
      const refuse = (key: string, message: string) =>
        context.addIssue({ code: "custom", path: ["pools", index, key], message });
      if (pools.findIndex((other) => other.name === name) < index) refuse("name", `"${name}" is there twice`);
      if (min > max) refuse("min", `${min} is more than max, which is ${max}`);
    });
  });

/** A validated `scaling` section. */
export type ScalingConfig = z.output<typeof ScalingConfig>;
