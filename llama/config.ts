import { z } from "zod";

/** How llama.cpp decodes: it changes speed and memory, and logits by rounding alone. `fleet bench` says what is fastest. */
export const DecodingConfig = z.strictObject({
  fastest: z
    .boolean()
    .default(false)
    .describe(
      "Not as told below: a worker tries the settings on its model and machine before it starts there for the first time, keeps the fastest for the next times, and says which they are.",
    ),
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

/** What an engine is told. */
export type ToldDecoding = Omit<DecodingConfig, "fastest">;

/** Another file of the base's weights. */
const VariantConfig = z.strictObject({
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits, as sha256sum prints them")
    .describe("Of the file, in hexadecimal."),
  gguf: z.string().min(1).optional().describe("The file, for `local.workers` that name the variant."),
});

/** The `model` section of run.yaml: what generates and is trained. */
export const ModelConfig = z.strictObject({
  gguf: z.string().min(1).describe("The base model: a GGUF of architecture llama."),
  template: z
    .string()
    .min(1)
    .default("gguf")
    .describe(
      'How messages become a prompt: "gguf" (the model\'s own chat template), "raw" (none), or a file with a Jinja template. Where one takes no system message, its text goes before the user\'s.',
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
    .describe(
      "Exactness over speed and memory: flash attention off, a KV cache in float32 with cells of its own for each sequence, weights as the file has them. On a CPU with one thread, a seed then gives the same bits alone and in full slots.",
    ),
  variants: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9-]{1,40}$/, 'lower-case letters, digits and "-"')
        .refine((name) => name !== "base", 'another name than "base", which the base itself has'),
      VariantConfig,
    )
    .default({})
    .describe(
      "The base in other quantizations, `NAME: {sha256, gguf}`, for workers with less memory: same shapes, same tokenizer. `gguf` is for `local.workers`; others say where their file is. Records say who sampled with which; importance sampling makes up for the difference.",
    ),
  decoding: DecodingConfig.prefault({}).describe("How workers compute where `exact` does not say it."),
});

/** A validated `model` section. */
export type ModelConfig = z.output<typeof ModelConfig>;
