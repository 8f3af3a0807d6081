/**
 * The updater's checkpoints: one file a step, from which training goes on to the same bytes.
 *
 * @module
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { StepMetricsInit } from "../../proto/index.ts";
import type { CheckpointConfig, LoraConfig } from "../config.ts";
import type { Moments } from "../optimizer/adamw.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint-file.ts";
import { UnusableCheckpointError } from "./errors.ts";
import { stepsToKeep } from "./retention.ts";

/** The state after a step. */
export interface Checkpoint {
  readonly step: number;
  /** SHA-256 of the adapter's GGUF, in hex; empty before the first step that was not skipped. */
  readonly adapter: string;
  /** Of the adapter, flat, in the order of the engine's parameters. */
  readonly parameters: Float32Array;
  readonly moments: Moments;
  /** Digest of the batch that made the step. */
  readonly batchDigest: string;
  /** Why the step left everything as it was; empty when it did not. */
  readonly skipped: string;
  /** Steps in a row up to this one whose gradient was not finite. */
  readonly nonFiniteSteps: number;
  /** What is published with the step. */
  readonly metrics: StepMetricsInit;
}

/** What a run and its checkpoints must have in common. */
export interface CheckpointIdentity {
  /** SHA-256 of the base model's file, in hex. */
  readonly base: string;
  readonly seed: number;
  readonly lora: LoraConfig;
}

/** The checkpoints of one run. */
export interface CheckpointStore {
  /**
   * The newest checkpoint, verified; null before the first.
   *
   * @throws {UnusableCheckpointError} when it is damaged or of another run's identity
   */
  newest(): Promise<Checkpoint | null>;
  /** Writes a checkpoint durably, then removes those that need not stay. */
  save(checkpoint: Checkpoint): Promise<void>;
}

const About = z.object({
  step: z.int(),
  adapter: z.string(),
  updates: z.int(),
  batchDigest: z.string(),
  skipped: z.string(),
  nonFiniteSteps: z.int(),
  metrics: z.record(z.string(), z.unknown()),
  identity: z.record(z.string(), z.string()),
});

const NAME = /^step-(\d{8})\.checkpoint$/;

/** The checkpoints in `folder`, which is made; what an interrupted write left there is removed. */
export async function openCheckpointStore(
  folder: string,
  identity: CheckpointIdentity,
  retention: CheckpointConfig,
): Promise<CheckpointStore> {
  await mkdir(folder, { recursive: true });
  const leftovers = (await readdir(folder)).filter((name) => name.endsWith(".tmp"));
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));
  const known = describeIdentity(identity);

  return {
    async newest() {
      const step = Math.max(-1, ...(await stepsIn(folder)));
      return step < 0 ? null : load(pathOf(folder, step), known);
    },
    async save({ moments, parameters, ...about }) {
      await writeCheckpoint(pathOf(folder, about.step), {
        about: { ...about, updates: moments.updates, identity: known },
        arrays: { parameters, mean: moments.mean, square: moments.square },
      });
      const steps = await stepsIn(folder);
      const kept = stepsToKeep(steps, retention);
      const superfluous = steps.filter((step) => !kept.has(step));
      await Promise.all(superfluous.map((step) => rm(pathOf(folder, step), { force: true })));
    },
  };
}

async function load(path: string, known: Readonly<Record<string, string>>): Promise<Checkpoint> {
  const { about, arrays } = await readCheckpoint(path);
  const parsed = About.safeParse(about);
  const { parameters, mean, square } = arrays;
  if (!parsed.success || !parameters || !mean || !square) {
    throw new UnusableCheckpointError(`${path} is not a checkpoint of the updater`);
  }
  const { updates, identity, metrics, ...rest } = parsed.data;
  const other = Object.keys(known).find((key) => known[key] !== identity[key]);
  if (other !== undefined) {
    throw new UnusableCheckpointError(
      `the checkpoint ${path} has ${other} ${identity[other]}, this run ${known[other]}: start a new run for another one`,
    );
  }
  return { ...rest, metrics: metrics as StepMetricsInit, parameters, moments: { mean, square, updates } };
}

function describeIdentity({ base, seed, lora }: CheckpointIdentity): Record<string, string> {
  return {
    "base model": base,
    seed: String(seed),
    "adapter rank": String(lora.rank),
    "adapter alpha": String(lora.alpha),
    "adapter targets": lora.targets.join(", "),
  };
}

async function stepsIn(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const step = NAME.exec(name)?.[1];
    return step === undefined ? [] : [Number(step)];
  });
}

function pathOf(folder: string, step: number): string {
  return join(folder, `step-${String(step).padStart(8, "0")}.checkpoint`);
}
