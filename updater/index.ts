/**
 * The updater: GRPO on the rollouts of a run, and supervised fine-tuning.
 *
 * @module
 */

export type { Checkpoint, CheckpointIdentity } from "./checkpoints/checkpoint.ts";
export { type CheckpointStore, openCheckpointStore } from "./checkpoints/checkpoint-store.ts";
export { UnusableCheckpointError } from "./checkpoints/errors.ts";
export { holdsCheckpoint, readAdapter } from "./checkpoints/read-adapter.ts";
export { CheckpointConfig, GrpoConfig, LoraConfig, OptimizerConfig } from "./config.ts";
export { groupAdvantages } from "./grpo/advantage.ts";
export { completionLoss, type LossOptions, type TokenPolicies } from "./grpo/loss.ts";
export { lossScales } from "./grpo/normalization.ts";
export { stepGradient } from "./grpo/step-gradient.ts";
export { MalformedBatchError, trainingBatch } from "./grpo/training-batch.ts";
export { adamW, noMoments } from "./optimizer/adamw.ts";
export { clipFactor, gradientNorm } from "./optimizer/gradient-norm.ts";
export { muon } from "./optimizer/muon.ts";
export { learningRateAt } from "./optimizer/schedule.ts";
export { packSequences } from "./pack.ts";
export { type RetrainedStep, retrain } from "./retrain/retrain.ts";
export { SftConfig } from "./sft/config.ts";
export { runSft, type SftStep } from "./sft/run-sft.ts";
export { initialAdapter } from "./train/initial-adapter.ts";
export { runUpdater, type UpdaterOptions } from "./train/run-updater.ts";
export { runSession, type SessionParts } from "./train/session.ts";
export { traceSteps } from "./train/trace-step.ts";
