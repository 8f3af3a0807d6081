import { type Clock, crashPoint, FleetError } from "../../core/index.ts";
import type { StepMetricsInit } from "../../proto/index.ts";
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import type { GrpoConfig, OptimizerConfig } from "../config.ts";
import { type GradientCalls, type StepGradient, stepGradient } from "../grpo/step-gradient.ts";
import { trainingBatch } from "../grpo/training-batch.ts";
import { adamW } from "../optimizer/adamw.ts";
import { clipFactor, gradientNorm } from "../optimizer/gradient-norm.ts";
import { learningRateAt } from "../optimizer/schedule.ts";
import type { ReceivedBatch } from "./received-batches.ts";

/** Gradients that are not finite, one step after the other: something is wrong that skipping does not cure. */
export class NonFiniteGradientError extends FleetError {
  readonly code = "updater.non_finite_gradient";
  readonly disposition = "fatal";
}

/** The step at which a row of gradients that are not finite stops the run. */
const MOST_NON_FINITE_STEPS = 3;

/** What a step depends on beside state and batch. */
export interface StepSettings {
  readonly grpo: GrpoConfig;
  readonly optimizer: OptimizerConfig;
  /** Of the run. */
  readonly steps: number;
  readonly clock: Clock;
  /** The digest of an adapter with these parameters: SHA-256 of its GGUF, in hex. */
  readonly digestOf: (parameters: Float32Array) => string;
}

/**
 * Makes one optimizer step. The engine must hold `state`'s parameters; it still does afterwards.
 *
 * @returns the state after the step; it shares no array with `state` unless the step is skipped
 * @throws {NonFiniteGradientError} when the gradient is not finite for the third step in a row
 * @throws {MalformedBatchError}
 */
export async function trainStep(
  engine: GradientCalls,
  state: Checkpoint,
  { step, groups, digest }: ReceivedBatch,
  settings: StepSettings,
): Promise<Checkpoint> {
  const { grpo, clock } = settings;
  const batch = trainingBatch(groups, grpo);
  const skip = (reason: string, nonFiniteSteps = 0): Checkpoint => ({
    ...state,
    step,
    batchDigest: digest,
    skipped: reason,
    nonFiniteSteps,
    metrics: {},
  });
  if (batch.sequences.length === 0) return skip("every completion was cut off at maxTokens");

  const found = await stepGradient(engine, batch, { grpo, reference: "off", step, clock });
  crashPoint("step.before-optimizer");
  const norm = gradientNorm(found.gradient);
  if (!Number.isFinite(norm)) {
    assertNotPersistent(state.nonFiniteSteps + 1, step);
    return skip("the gradient is not finite", state.nonFiniteSteps + 1);
  }
  if (norm === 0) return skip("the gradient is zero");
  return { ...descend(state, found, norm, step, settings), batchDigest: digest };
}

function assertNotPersistent(nonFiniteSteps: number, step: number): void {
  if (nonFiniteSteps < MOST_NON_FINITE_STEPS) return;
  throw new NonFiniteGradientError(
    `the gradient of step ${step} is not finite, the third in a row: lower the learning rate or look at the rewards`,
  );
}

function descend(
  state: Checkpoint,
  { gradient, metrics, forwardSeconds, backwardSeconds }: StepGradient,
  norm: number,
  step: number,
  { optimizer, steps, clock, digestOf }: StepSettings,
): Omit<Checkpoint, "batchDigest"> {
  const startMs = clock.monotonicMs();
  const learningRate = learningRateAt(optimizer, step, steps);
  const parameters = state.parameters.slice();
  const { mean, square, updates } = state.moments;
  const copy = { mean: mean.slice(), square: square.slice(), updates };
  const update = { gradient, factor: clipFactor(norm, optimizer.clipNorm), learningRate };
  const moments = adamW(parameters, copy, update, optimizer);
  const adapter = digestOf(parameters);
  const measured: StepMetricsInit = {
    ...metrics,
    gradientNorm: norm,
    learningRate,
    forwardSeconds,
    backwardSeconds,
    optimizerSeconds: (clock.monotonicMs() - startMs) / 1000,
  };
  return { step, adapter, parameters, moments, skipped: "", nonFiniteSteps: 0, metrics: measured };
}
