import type { Pointer } from "../native/ggml-api.ts";
import type { Backend } from "./backend.ts";
import { type BatchInputs, openBatchInputs } from "./batch-inputs.ts";
import { openCheckpointedPasses } from "./checkpointed-passes.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import type { MicroBatch } from "./micro-batch.ts";
import { packSequences } from "./packing.ts";
import type { LayerParameters } from "./parameters.ts";
import { tileAttention } from "./tiles.ts";
import type { LlamaShape } from "./trainable.ts";
import type { BaseWeights } from "./weights.ts";
import { openWholePasses } from "./whole-passes.ts";

/** Per predicted token, sequences concatenated. */
export interface ForwardResult {
  /** log p of the token under softmax(logits / temperature). */
  readonly logpT: Float32Array;
  /** Entropy of that distribution, in nats. */
  readonly entropyT: Float32Array;
}

/** One micro-batch's computation: forward, then, where it was asked for, backward once. */
export interface Plan extends Disposable {
  /** How many tokens are predicted. */
  readonly predicted: number;
  forward(): ForwardResult;
  /** Adds Σ coefficient · ∂logp/∂θ to the sums. One coefficient for each value of {@link ForwardResult.logpT}. */
  backward(coefficientsT: Float32Array): void;
}

/** A model on a device. */
export interface ModelOnDevice {
  readonly backend: Backend;
  readonly shape: LlamaShape;
  readonly weights: BaseWeights;
}

/** What a plan computes with. */
export interface PlanContext extends ModelOnDevice {
  readonly parameters: LayerParameters;
  readonly inputs: BatchInputs;
  readonly temperature: number;
  /** Gives graphs memory. */
  readonly allocator: Pointer;
  readonly limits: MemoryLimits;
}

/** The two passes over a micro-batch on the device; coefficients are in its inputs by then. */
export interface Passes extends Disposable {
  /** Log-probabilities and entropies in chunks of predicted tokens, filling included. */
  forward(): { logp: readonly Float32Array[]; entropy: readonly Float32Array[] };
  backward(): void;
}

/** How a plan is made. */
export interface PlanOptions {
  readonly allocator: Pointer;
  readonly withBackward: boolean;
  readonly limits: MemoryLimits;
}

/** Prepares a micro-batch. The allocator serves one plan at a time. */
export function openPlan(
  model: ModelOnDevice,
  parameters: LayerParameters,
  batch: MicroBatch,
  { allocator, withBackward, limits }: PlanOptions,
): Plan {
  const packing = packSequences(batch);
  const inputs = openBatchInputs(
    model.backend,
    model.shape,
    packing,
    tileAttention(packing, limits.tileProbabilities),
  );
  const context = { ...model, parameters, inputs, temperature: batch.temperature, allocator, limits };
  const passes = openWholePasses(context, withBackward) ?? openCheckpointedPasses(context);
  return {
    predicted: packing.predicted,
    forward() {
      const { logp, entropy } = passes.forward();
      return {
        logpT: concatenate(logp).slice(0, packing.predicted),
        entropyT: concatenate(entropy).slice(0, packing.predicted),
      };
    },
    backward(coefficientsT) {
      const filled = new Float32Array(inputs.predicted);
      filled.set(coefficientsT);
      model.backend.upload(inputs.coefficients, filled);
      passes.backward();
    },
    [Symbol.dispose]() {
      passes[Symbol.dispose]();
      inputs[Symbol.dispose]();
    },
  };
}

function concatenate(chunks: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
