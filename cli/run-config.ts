/**
 * `run.yaml`: one schema, joined from each role's own section.
 *
 * @module
 */
import { z } from "zod";
import {
  BatchConfig,
  DatasetConfig,
  EvalConfig,
  LeaseConfig,
  SamplingConfig,
  ScalingConfig,
  StorageConfig,
} from "../coordinator/config.ts";
import { ModelConfig } from "../llama/config.ts";
import { RewardConfig } from "../rewards/config.ts";
import { TelemetryConfig } from "../telemetry/config.ts";
import { CheckpointConfig, GrpoConfig, LoraConfig, OptimizerConfig } from "../updater/config.ts";
import { WorkerConfig } from "../workers/config.ts";
import { TlsConfig } from "./tls-config.ts";

const Device = z
  .enum(["auto", "cuda", "vulkan", "cpu"])
  .default("auto")
  .describe("What computes; auto takes the best that this machine and install offer.");

const Threads = z.int().min(1).max(256).default(1).describe("Threads of llama.cpp.");

/** What runs on this machine, for `fleet train`. */
const LocalConfig = z.strictObject({
  workers: z
    .array(
      z.strictObject({
        device: Device,
        count: z.int().min(1).max(64).default(1).describe("Worker processes of this kind."),
        slots: z.int().min(1).max(100).default(8).describe("Sequences that each decodes at once."),
        threads: Threads,
        variant: z
          .string()
          .optional()
          .describe("The one of `model.variants` that they have; left out: the base."),
      }),
    )
    .min(1)
    .prefault([{}])
    .describe("Pools of workers."),
  updater: z
    .strictObject({ device: Device, threads: Threads })
    .prefault({})
    .describe("The updater's hardware."),
});

/** Marks a key that `--resume` may change; any other change is refused by name. */
const mayChange = { mayChange: true };

/** The whole configuration of a run. Defaults are SWE-RL's where the paper states them. */
export const RunConfig = z.strictObject({
  seed: z.int().min(0).default(0).describe("Of prompt order, sampling and the adapter's start."),
  steps: z.int().min(0).default(1600).describe("Optimizer steps.").meta(mayChange),
  model: ModelConfig.describe("The base that is sampled from and trained."),
  dataset: DatasetConfig.describe("What is trained on."),
  batch: BatchConfig.prefault({}).describe("Groups of a step, and how far sampling may run ahead."),
  sampling: SamplingConfig.prefault({}).describe("How tokens are drawn in training."),
  eval: EvalConfig.prefault({}).describe("Held-out evaluation."),
  leases: LeaseConfig.prefault({}).describe("How long a worker may be silent.").meta(mayChange),
  reward: RewardConfig.prefault({}).describe("How completions are scored."),
  worker: WorkerConfig.prefault({}).describe("How workers behave.").meta(mayChange),
  grpo: GrpoConfig.prefault({}).describe("Advantages and loss."),
  lora: LoraConfig.prefault({}).describe("What is trained."),
  optimizer: OptimizerConfig.prefault({}).describe("How it is trained."),
  checkpoints: CheckpointConfig.prefault({}).describe("What is kept of the updater's state.").meta(mayChange),
  scaling: ScalingConfig.prefault({})
    .describe("How many workers each pool may have on a cluster; `fleet train` starts those of `local`.")
    .meta(mayChange),
  storage: StorageConfig.prefault({}).describe("What is kept in nats-server.").meta(mayChange),
  tls: TlsConfig.prefault({})
    .describe("How the links to nats-server and the coordinator are secured.")
    .meta(mayChange),
  telemetry: TelemetryConfig.prefault({}).describe("What is told of the run, and to whom.").meta(mayChange),
  local: LocalConfig.prefault({}).describe("What `fleet train` starts on this machine.").meta(mayChange),
});

/** A validated run configuration, every default filled in, paths absolute. */
export type RunConfig = z.output<typeof RunConfig>;
