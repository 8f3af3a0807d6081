import { z } from "zod";
import { LoraConfig } from "../config.ts";

const FreshModel = z.strictObject({
  tokenizer: z.string().min(1).describe("Path of a tokenizer.json (byte-level BPE)."),
  layers: z.int().min(1).describe("Transformer layers."),
  embedding: z.int().min(1).describe("Width of the residual stream."),
  heads: z.int().min(1).describe("Query heads; embedding / heads is a head's size."),
  kvHeads: z.int().min(1).describe("Key and value heads; divides heads."),
  feedForward: z.int().min(1).describe("Inner width of the feed-forward part."),
  contextTokens: z.int().min(1).describe("Longest sequence the model says it takes, in tokens."),
  tied: z.boolean().default(true).describe("Whether the embedding is the output head too."),
  ropeBase: z.number().positive().default(10_000).describe("Base of the rotary embedding's frequencies."),
  normEpsilon: z.number().positive().default(1e-5).describe("Added to the mean square in RMSNorm."),
});

const Phase = z.strictObject({
  name: z.string().min(1).describe("How progress names it."),
  dataset: z.string().min(1).describe("Path of a .jsonl, .jsonl.gz or .jsonl.zst of {prompt, completion}."),
  tokens: z
    .number()
    .positive()
    .describe(
      "Tokens to train on, prompts included; the dataset is repeated or cut to it, to a whole batch.",
    ),
  rows: z.int().min(1).default(16).describe("Examples of an optimizer step."),
  tokenBudget: z.int().positive().default(16_384).describe("Most tokens of a micro-batch."),
  promptWeight: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight of a prompt token in the loss; a completion token's is 1."),
  optimizer: z
    .enum(["adamw", "muon+adamw"])
    .default("adamw")
    .describe("What updates; muon takes the matrices of the layers, adamw the rest."),
  learningRate: z.number().positive().describe("Of AdamW, after warm-up."),
  muonLearningRate: z.number().positive().default(0.02).describe("Of Muon, after warm-up."),
  warmupSteps: z.int().min(0).default(50).describe("Steps over which learning rates rise from 0."),
  finalShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe("Share of the learning rates that is left at the end; they fall linearly."),
  betas: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.9, 0.98])
    .describe("AdamW's decay of the gradient's running mean and mean square, a step."),
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe("AdamW's decay of its parameters, times the learning rate, a step."),
  clipNorm: z.number().positive().default(1).describe("Longest gradient; a longer one is scaled down to it."),
});

/** One phase of {@link SftConfig}: a dataset, and how it is learnt. Optimizer state starts anew with each. */
export type SftPhase = z.output<typeof Phase>;

/** Supervised fine-tuning on prompt–completion pairs, for `fleet sft`. */
export const SftConfig = z.strictObject({
  seed: z
    .int()
    .min(0)
    .default(0)
    .describe("Of a fresh model's weights, an adapter's start and the order of examples."),
  model: z
    .union([
      z.strictObject({ base: z.string().min(1).describe("Path of a GGUF to start from.") }),
      z.strictObject({ fresh: FreshModel.describe("A new Llama.") }),
    ])
    .describe("What is trained."),
  template: z
    .string()
    .min(1)
    .default("gguf")
    .describe(
      "How a prompt becomes text: gguf (the model's chat template, as a user's message), raw, or a file.",
    ),
  trainable: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("all").describe("Every weight; the result is a model.") }),
      z.strictObject({
        kind: z.literal("lora").describe("A low-rank adapter; the result is an adapter."),
        ...LoraConfig.shape,
      }),
    ])
    .describe("Which parameters are trained."),
  out: z.string().min(1).describe("Path of the GGUF that is written."),
  type: z
    .enum(["f32", "q8_0"])
    .default("q8_0")
    .describe("Type of a written model's matrices; adapters are f32."),
  heldOut: z
    .strictObject({
      dataset: z.string().min(1).describe("Path of pairs that are never trained on."),
      examples: z.int().min(1).default(200).describe("How many of them are used."),
      everySteps: z.int().min(1).default(100).describe("Steps between two measurements."),
    })
    .optional()
    .describe("Where the negative log-likelihood is measured on the way."),
  saveEverySteps: z.int().min(1).default(100).describe("Steps between two saved states to continue from."),
  phases: z.array(Phase).min(1).describe("In order."),
});

/** Validated {@link SftConfig}. */
export type SftConfig = z.output<typeof SftConfig>;
