import type { CoordinatorOptions } from "../coordinator/index.ts";
import type { UpdaterOptions } from "../updater/index.ts";
import type { RunConfig } from "./run-config.ts";

/** What a coordinator is told that is the configuration's, wherever it runs. */
export function coordinatorSettings(config: RunConfig) {
  const { seed, steps, dataset, batch, sampling, leases, storage, scaling, reward } = config;
  return {
    seed,
    steps,
    dataset,
    batch,
    sampling,
    contextTokens: config.model.contextTokens,
    eval: config.eval,
    leases,
    storage,
    scaling,
    reward,
    runJson: JSON.stringify(config),
  } satisfies Partial<CoordinatorOptions>;
}

/** What an updater is told that is the configuration's, wherever it runs. */
export function updaterSettings({ seed, steps, grpo, lora, optimizer, checkpoints }: RunConfig) {
  return { seed, steps, grpo, lora, optimizer, checkpoints } satisfies Partial<UpdaterOptions>;
}
