import { ConfigError } from "../core/index.ts";
import { type ModelConfig, type ModelInfo, readModelInfo } from "../llama/index.ts";
import type { RunConfig } from "./run-config.ts";

/**
 * The model of workers that have a variant, or the base where none is named.
 *
 * @throws {ConfigError} when `model.variants` has none of that name, or no file of it
 */
export function poolModel({ model }: Pick<RunConfig, "model">, variant: string | undefined): ModelConfig {
  if (variant === undefined) return model;
  const { gguf } = model.variants[variant] ?? {};
  if (gguf !== undefined) return { ...model, gguf };
  throw new ConfigError(
    `local.workers names the variant ${variant}: model.variants.${variant}.gguf is missing`,
  );
}

/**
 * Checks that the files of local workers are what `model.variants` says, and quantizations of the base.
 *
 * @throws {ConfigError} in one sentence
 */
export async function checkVariants(config: RunConfig, base: ModelInfo): Promise<void> {
  const used = new Set(config.local.workers.flatMap(({ variant }) => variant ?? []));
  for (const variant of used) {
    const { gguf } = poolModel(config, variant);
    const { digest, layout } = await readModelInfo(gguf);
    const { sha256 } = config.model.variants[variant] ?? {};
    if (digest !== sha256)
      throw new ConfigError(
        `${gguf} has the SHA-256 ${digest}: model.variants.${variant}.sha256 says ${sha256}`,
      );
    if (layout !== base.layout)
      throw new ConfigError(
        `${gguf} is no quantization of ${config.model.gguf}: its shapes, its tokenizer or its chat template are others`,
      );
  }
}
