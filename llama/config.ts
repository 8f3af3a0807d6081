import { z } from "zod";

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
    .describe("Exactness over speed: flash attention off and a float32 KV cache."),
});

/** A validated `model` section. */
export type ModelConfig = z.output<typeof ModelConfig>;
