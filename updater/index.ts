/**
 * The updater: GRPO on the rollouts of a run, and supervised fine-tuning.
 *
 * @module
 */

export { CheckpointConfig, GrpoConfig, LoraConfig, OptimizerConfig } from "./config.ts";
export { SftConfig } from "./sft/config.ts";
export { runSft, type SftOptions, type SftStep } from "./sft/run-sft.ts";
export { runUpdater, type UpdaterOptions } from "./train/run-updater.ts";
