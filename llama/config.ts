import { z } from "zod";

/** How llama.cpp decodes: it changes speed and memory, and logits by rounding alone. `fleet bench` says what is fastest. */
export const DecodingConfig = z.strictObject({
  flashAttention: z
    .enum(["auto", "on", "off"])
    .default("auto")
    .describe("Attention in blocks. auto: off on a CPU, llama.cpp's own choice on a GPU."),
  cells: z.enum(["f16", "f32"]).default("f16").describe("Type of the KV cache."),
  repacked: z
    .boolean()
    .default(false)
    .describe(
      "Weights in the order that a CPU's kernels like: each worker then holds its own copy of them, and a seed gives other tokens alone than in full slots.",
    ),
});

/** Validated {@link DecodingConfig}. */
export type DecodingConfig = z.output<typeof DecodingConfig>;

/** The `model` section of run.yaml: what generates and is trained. */
export const ModelConfig = z.strictObject({
  gguf: z.string().min(1).describe("The base model: a GGUF of architecture llama."),
  template: z
    .string()
    .min(1)
    .default("gguf")
    .describe(
      'How messages become a prompt: "gguf" (the model\'s own chat template), "raw" (none), or a file with a Jinja template.',
    ),
  contextTokens: z
    .int()
    .min(16)
    .max(1_048_576)
    .default(16_384)
    .describe("The longest prompt and completion together, in tokens."),
  exact: z
    .boolean()
    .default(false)
    .describe("Exactness over speed: flash attention off, a float32 KV cache, weights as the file has them."),
  decoding: DecodingConfig.prefault({}).describe("How workers compute where `exact` does not say it."),
});

/** A validated `model` section. */
export type ModelConfig = z.output<typeof ModelConfig>;
