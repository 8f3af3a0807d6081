/**
 * What the updater writes after each step, and what it is called.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Parameter } from "../../llama/index.ts";
import type { StepMetricsInit } from "../../proto/index.ts";
import { LoraConfig } from "../config.ts";
import type { Moments } from "../optimizer/adamw.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint-file.ts";
import { UnusableCheckpointError } from "./errors.ts";

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

/** What a run and its checkpoints have in common. */
export interface CheckpointIdentity {
  /** SHA-256 of the base model's file, in hex. */
  readonly base: string;
  readonly seed: number;
  readonly lora: LoraConfig;
  /** The engine's. */
  readonly parameters: readonly Parameter[];
}

const Identity = z.object({
  base: z.string(),
  seed: z.int(),
  lora: LoraConfig,
  parameters: z
    .array(z.object({ name: z.string(), rows: z.int().min(1), columns: z.int().min(1) }))
    .readonly(),
});

const About = z.object({
  step: z.int(),
  adapter: z.string(),
  updates: z.int(),
  batchDigest: z.string(),
  skipped: z.string(),
  nonFiniteSteps: z.int(),
  metrics: z.custom<StepMetricsInit>((value) => typeof value === "object" && value !== null),
  identity: Identity,
});

/** Writes a checkpoint durably into `folder`. */
export async function writeStep(
  folder: string,
  { moments, parameters, ...about }: Checkpoint,
  identity: CheckpointIdentity,
): Promise<void> {
  await writeCheckpoint(pathOfStep(folder, about.step), {
    about: { ...about, updates: moments.updates, identity } satisfies z.output<typeof About>,
    arrays: { parameters, mean: moments.mean, square: moments.square },
  });
}

/**
 * Reads a checkpoint, verified, with what it belongs to.
 *
 * @throws {UnusableCheckpointError} when it is missing, damaged, or not the updater's
 */
export async function readStep(
  folder: string,
  step: number,
): Promise<{ readonly checkpoint: Checkpoint; readonly identity: CheckpointIdentity }> {
  const path = pathOfStep(folder, step);
  const { about, arrays } = await readCheckpoint(path);
  const parsed = About.safeParse(about);
  const { parameters, mean, square } = arrays;
  if (!parsed.success || !parameters || !mean || !square) {
    throw new UnusableCheckpointError(`${path} is not a checkpoint of the updater`);
  }
  const { updates, identity, ...rest } = parsed.data;
  const floats = identity.parameters.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  if ([parameters, mean, square].some(({ length }) => length !== floats)) {
    throw new UnusableCheckpointError(`${path} does not have a number for each of its parameters`);
  }
  return { identity, checkpoint: { ...rest, parameters, moments: { mean, square, updates } } };
}

const NAME = /^step-(\d{8})\.checkpoint$/;

/** The steps that `folder` has checkpoints of, ascending. */
export async function stepsIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return []; // Lost with its checkpoints, or not made yet.
    throw error;
  });
  const steps = names.flatMap((name) => NAME.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}

/** Where the checkpoint of a step is. */
export function pathOfStep(folder: string, step: number): string {
  return join(folder, `step-${String(step).padStart(8, "0")}.checkpoint`);
}
