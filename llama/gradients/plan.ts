import type { Backend, GraphAllocator } from "./backend.ts";
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
  /** Tokens that went through the layers: a shared prompt counts once. */
  readonly evaluatedTokens: number;
}

/** One micro-batch's computation: forward, then, where it was asked for, backward once. */
export interface Plan extends Disposable {
  /** How many tokens are predicted. */
  readonly predicted: number;
  forward(): Promise<ForwardResult>;
  /** Adds Σ coefficient · ∂logp/∂θ to the sums. One coefficient for each value of {@link ForwardResult.logpT}. */
  backward(coefficientsT: Float32Array): Promise<void>;
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
  readonly allocator: GraphAllocator;
  readonly limits: MemoryLimits;
  readonly withBackward: boolean;
  /** Whether backward finds attention's probabilities; else it computes them again, and memory grows with length alone. */
  readonly keepsProbabilities: boolean;
}

/** The two passes over a micro-batch on the device; coefficients are in its inputs by then. */
export interface Passes extends Disposable {
  /** Log-probabilities and entropies in chunks of predicted tokens, filling included. */
  forward(): Promise<{ logp: readonly Float32Array[]; entropy: readonly Float32Array[] }>;
  backward(): Promise<void>;
}

/** How a plan is made. */
export interface PlanOptions {
  readonly allocator: GraphAllocator;
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
  using opening = new DisposableStack();
  const inputs = opening.use(
    openBatchInputs(model.backend, model.shape, packing, tileAttention(packing, limits.tileProbabilities)),
  );
  const { temperature } = batch;
  const context = { ...model, parameters, inputs, temperature, allocator, limits, withBackward };
  const passes: Passes =
    openWholePasses({ ...context, keepsProbabilities: withBackward }) ??
    openWholePasses({ ...context, keepsProbabilities: false }) ??
    openCheckpointedPasses({ ...context, keepsProbabilities: false });
  opening.use(passes);
  const open = opening.move();
  return {
    predicted: packing.predicted,
    async forward() {
      const { logp, entropy } = await passes.forward();
      return {
        logpT: concatenate(logp).slice(0, packing.predicted),
        entropyT: concatenate(entropy).slice(0, packing.predicted),
        evaluatedTokens: packing.rows.reduce((sum, { queries }) => sum + queries.length, 0),
      };
    },
    async backward(coefficientsT) {
      const filled = new Float32Array(inputs.predicted);
      filled.set(coefficientsT);
      model.backend.upload(inputs.coefficients, filled);
      await passes.backward();
    },
    [Symbol.dispose]: () => open.dispose(),
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
