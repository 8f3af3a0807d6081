import type { Clock } from "../../core/index.ts";
import type { GradientEngine } from "../../llama/index.ts";
import type { GrpoConfig } from "../config.ts";
import { packSequences } from "../pack.ts";
import { completionLoss } from "./loss.ts";
import { createTally, type LossMetrics } from "./tally.ts";
import type { TrainingBatch, TrainingSequence } from "./training-batch.ts";

/** The gradient of a step, and what was seen on the way. */
export interface StepGradient {
  /** ∂loss/∂θ, flat, in the order of the engine's parameters. */
  readonly gradient: Float32Array;
  readonly metrics: LossMetrics;
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
export type GradientCalls = Pick<GradientEngine, "forward" | "backward" | "takeGradients">;

/**
 * Computes the gradient of the GRPO loss at the engine's present parameters, which are π_prox and π_θ at once: there
 * is one optimizer step a batch, so the forward pass that is differentiated also is the proximal policy's.
 *
 * The reference is computed on the same micro-batches as the policy, so that the two agree to the last bit where
 * their parameters do: in every micro-batch when `beta` is above 0, else on `klMicroBatches` of them, others in every
 * step.
 */
export async function stepGradient(
  engine: GradientCalls,
  { temperature, sequences }: TrainingBatch,
  { grpo, reference, step, clock }: StepOptions,
): Promise<StepGradient> {
  const tally = createTally();
  const watch = stopwatch(clock);
  const parts = packSequences(
    sequences.map(({ tokens, from, group }) => ({
      group,
      promptTokens: from,
      completionTokens: tokens.length - from,
    })),
    grpo.tokenBudget,
  );
  for (const [index, indexes] of parts.entries()) {
    const part = indexes.flatMap((sequence) => sequences[sequence] ?? []);
    const microBatch = { temperature, sequences: part.map(({ tokens, from }) => ({ tokens, from })) };
    const isMeasured = grpo.beta > 0 || (index + step) % parts.length < grpo.klMicroBatches;
    const referenceT = isMeasured ? (await engine.forward(microBatch, reference)).logpT : null;
    const { logpT, entropyT } = await engine.forward(microBatch, "trained");
    watch.lap("forward");
    const coefficientsT = differentiate(part, { logpT, entropyT, referenceT }, grpo, tally);
    await engine.backward(coefficientsT);
    watch.lap("backward");
  }
  const gradient = await engine.takeGradients();
  watch.lap("backward");
  return { gradient, metrics: tally.metrics(), ...watch.seconds() };
}

interface ForwardValues {
  readonly logpT: Float32Array;
  readonly entropyT: Float32Array;
  readonly referenceT: Float32Array | null;
}

/** The coefficients of a micro-batch, its completions concatenated. */
function differentiate(
  part: readonly TrainingSequence[],
  { logpT, entropyT, referenceT }: ForwardValues,
  grpo: GrpoConfig,
  tally: ReturnType<typeof createTally>,
): Float32Array {
  const coefficientsT = new Float32Array(logpT.length);
  let at = 0;
  for (const sequence of part) {
    const end = at + sequence.muT.length;
    const proxT = logpT.subarray(at, end);
    const ofReferenceT = referenceT?.subarray(at, end) ?? null;
    const policies = { logpT: proxT, proxT, muT: sequence.muT, referenceT: ofReferenceT };
    const loss = completionLoss(policies, sequence.advantage, sequence.scale, grpo);
    coefficientsT.set(loss.coefficientsT, at);
    tally.add({ sequence, proxT, referenceT: ofReferenceT, entropyT: entropyT.subarray(at, end), loss });
    at = end;
  }
  return coefficientsT;
}

function stopwatch(clock: Clock) {
  const ms = { forward: 0, backward: 0 };
  let last = clock.monotonicMs();
  return {
    lap(phase: keyof typeof ms): void {
      const now = clock.monotonicMs();
      ms[phase] += now - last;
      last = now;
    },
    seconds: () => ({ forwardSeconds: ms.forward / 1000, backwardSeconds: ms.backward / 1000 }),
  };
}
