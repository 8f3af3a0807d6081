import type { Clock } from "../../core/index.ts";
import type { GradientEngine } from "../../llama/index.ts";
import type { GrpoConfig } from "../config.ts";
import { packSequences } from "../pack.ts";
import { completionLoss } from "./loss.ts";
import { createTally, type LossMetrics, type TalliedCompletion } from "./tally.ts";
import type { TrainingBatch, TrainingSequence } from "./training-batch.ts";

/** The gradient of a step, and what was seen on the way. */
export interface StepGradient {
  /** ∂loss/∂θ, flat, in the order of the engine's parameters. */
  readonly gradient: Float32Array;
  readonly metrics: LossMetrics;
  /** Sums over the lanes, which work at the same time. */
  readonly forwardSeconds: number;
  readonly backwardSeconds: number;
}

/** What a step's gradient depends on beside the batch. */
export interface StepOptions {
  readonly grpo: GrpoConfig;
  /** The reference policy: the base alone, or a frozen adapter's flat parameters. */
  readonly reference: "off" | Float32Array;
  /** Counted from 1. */
  readonly step: number;
  readonly clock: Clock;
}

/** The calls of an engine that a step makes. */
export type GradientCalls = Pick<GradientEngine, "lanes" | "forward" | "backward" | "takeGradients">;

/**
 * Computes the gradient of the GRPO loss at the engine's present parameters, which are π_prox and π_θ at once: there
 * is one optimizer step a batch, so the forward pass that is differentiated also is the proximal policy's.
 *
 * The reference is computed on the same micro-batches as the policy, so that the two agree to the last bit where
 * their parameters do: in every micro-batch when `beta` is above 0, else on `klMicroBatches` of them, others in every
 * step.
 *
 * Micro-batches go to the engine's lanes as these become free; what comes of them is added up in the order of the
 * micro-batches, so that the result does not depend on who was done first.
 */
export async function stepGradient(
  engine: GradientCalls,
  { temperature, sequences }: TrainingBatch,
  { grpo, reference, step, clock }: StepOptions,
): Promise<StepGradient> {
  const tally = createTally();
  const seconds = { forward: 0, backward: 0 };
  const parts = packSequences(
    sequences.map(({ tokens, from, group }) => ({
      group,
      promptTokens: from,
      completionTokens: tokens.length - from,
    })),
    grpo.tokenBudget,
    grpo.lanes,
  );
  const completions: TalliedCompletion[][] = parts.map(() => []);
  const work = parts.entries();
  let hasFailed = false;
  const runLane = async (lane: number) => {
    for (const [index, indexes] of work) {
      if (hasFailed) return;
      const watch = stopwatch(clock, seconds);
      const part = indexes.flatMap((sequence) => sequences[sequence] ?? []);
      const microBatch = { temperature, sequences: part.map(({ tokens, from }) => ({ tokens, from })) };
      const isMeasured = grpo.beta > 0 || (index + step) % parts.length < grpo.klMicroBatches;
      const referenceT = isMeasured ? (await engine.forward(microBatch, reference, lane)).logpT : null;
      const { logpT, entropyT } = await engine.forward(microBatch, "trained", lane);
      watch.lap("forward");
      const found = differentiate(part, { logpT, entropyT, referenceT }, grpo);
      completions[index] = found.completions;
      await engine.backward(found.coefficientsT, lane, index);
      watch.lap("backward");
    }
  };
  const lanes = Array.from({ length: engine.lanes }, (_, lane) =>
    runLane(lane).catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  await allDone(lanes, engine);
  for (const completion of completions.flat()) tally.add(completion);
  const watch = stopwatch(clock, seconds);
  const gradient = await engine.takeGradients();
  watch.lap("backward");
  return {
    gradient,
    metrics: tally.metrics(),
    forwardSeconds: seconds.forward,
    backwardSeconds: seconds.backward,
  };
}

/** Waits for every lane. Where one fails, what the others have added does not get into a later step's sum. */
async function allDone(lanes: readonly Promise<void>[], engine: Pick<GradientCalls, "takeGradients">) {
  const ends = await Promise.allSettled(lanes);
  const failed = ends.find(({ status }) => status === "rejected");
  if (failed?.status !== "rejected") return;
  await engine.takeGradients().catch(() => {}); // Such a sum may have gaps; it starts again from zero all the same.
  throw failed.reason;
}

interface ForwardValues {
  readonly logpT: Float32Array;
  readonly entropyT: Float32Array;
  readonly referenceT: Float32Array | null;
}

/** The coefficients of a micro-batch, its completions concatenated, and what is to be told of each. */
function differentiate(
  part: readonly TrainingSequence[],
  { logpT, entropyT, referenceT }: ForwardValues,
  grpo: GrpoConfig,
): { coefficientsT: Float32Array; completions: TalliedCompletion[] } {
  const coefficientsT = new Float32Array(logpT.length);
  let at = 0;
  const completions = part.map((sequence): TalliedCompletion => {
    const end = at + sequence.muT.length;
    const proxT = logpT.subarray(at, end);
    const ofReferenceT = referenceT?.subarray(at, end) ?? null;
    const policies = { logpT: proxT, proxT, muT: sequence.muT, referenceT: ofReferenceT };
    const loss = completionLoss(policies, sequence.advantage, sequence.scale, grpo);
    coefficientsT.set(loss.coefficientsT, at);
    const ofEntropyT = entropyT.subarray(at, end);
    at = end;
    return { sequence, proxT, referenceT: ofReferenceT, entropyT: ofEntropyT, loss };
  });
  return { coefficientsT, completions };
}

/** Adds the time since the last lap to a phase. */
function stopwatch(clock: Clock, seconds: { forward: number; backward: number }) {
  let last = clock.monotonicMs();
  return {
    lap(phase: keyof typeof seconds): void {
      const now = clock.monotonicMs();
      seconds[phase] += (now - last) / 1000;
      last = now;
    },
  };
}
