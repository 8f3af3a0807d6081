import type { Pointer } from "../native/ggml-api.ts";
import type { Ops } from "./backend.ts";
import type { BatchInputs } from "./batch-inputs.ts";
import { accumulate, type LayerContext, norm, transposedProduct } from "./linear.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import { TOKEN_STEP } from "./packing.ts";
import type { LlamaShape } from "./trainable.ts";

const FLOAT_BYTES = 4;

/** What the head needs. */
export interface HeadContext extends LayerContext {
  readonly shape: LlamaShape;
  readonly inputs: BatchInputs;
  readonly temperature: number;
  readonly limits: MemoryLimits;
  readonly withBackward: boolean;
}

/** The language model's head. */
export interface Head {
  /** One tensor [1, 1, C] for each chunk, in order. */
  readonly logp: readonly Pointer[];
  readonly entropy: readonly Pointer[];
  /** From the coefficients of {@link BatchInputs} to the gradient with respect to the last layer's output [d, N]. */
  backward(): Pointer;
}

/**
 * Log-probabilities and entropies of the predicted tokens, from the last layer's output [d, N]. Logits exist for the
 * predicted tokens only, and a chunk of them at a time. Where the head is frozen, forward takes each chunk's gradient
 * with respect to the states, and the coefficients, which are not known yet, are factors of its columns; where it is
 * trained, backward computes the logits again.
 *
 * With z the logits and S = Σ exp((z − z_max) / T), the softmax's largest entry is 1 / S, at least 1 / vocabulary, so
 * its logarithm is safe where that of another entry is not: log p(y) = (z_y − z_max) / T − log S.
 */
export function head(context: HeadContext, x: Pointer): Head {
  const { graph, shape, inputs } = context;
  const { ops } = graph;
  const states = ops.getRows(x, inputs.predictors);
  const normed = norm(context, "output_norm.weight", shape.normEpsilon, states);
  const trained = context.parameters.gradientOf(context.weights.head);
  const chunks = cutChunks(context);
  const forward = chunks.map((chunk) => {
    const logits = computeLogits(context, normed.y, chunk);
    const { logp, entropy } = readLogits(context, logits);
    graph.output(logp);
    graph.output(entropy);
    if (context.withBackward && trained === null) storeGradient(context, logits, differentiate(ops, logits));
    return { logp, entropy };
  });
  return {
    logp: forward.map(({ logp }) => logp),
    entropy: forward.map(({ entropy }) => entropy),
    backward() {
      if (trained !== null)
        for (const chunk of chunks) trainChunk(context, trained, computeLogits(context, normed.y, chunk));
      const factors = ops.scale(inputs.coefficients, -1 / context.temperature);
      const dNormed = ops.mul(inputs.predictorGradients, factors);
      return ops.getRowsBack(normed.backward(dNormed), inputs.predictors, x);
    },
  };
}

/** Nodes of a head with its backward, at most. */
export function headNodes(context: Omit<HeadContext, "graph">): number {
  return 64 + cutChunks(context).length * (64 + 8 * cutHead(context).length);
}

/** Some of the predicted tokens. */
interface Chunk {
  readonly from: number;
  /** C. */
  readonly count: number;
}

function cutChunks({ shape, inputs, limits }: Omit<HeadContext, "graph">): Chunk[] {
  const steps = Math.floor(limits.chunkLogits / shape.vocabulary / TOKEN_STEP);
  return cut(inputs.predicted, Math.max(1, steps) * TOKEN_STEP);
}

/** Rows of the head's matrix that are dequantized together. */
function cutHead({ shape, limits }: Omit<HeadContext, "graph">): Chunk[] {
  return cut(shape.vocabulary, Math.max(1, Math.floor(limits.dequantizedNumbers / shape.embedding)));
}

function cut(total: number, most: number): Chunk[] {
  return Array.from({ length: Math.ceil(total / most) }, (_, index) => ({
    from: index * most,
    count: Math.min(most, total - index * most),
  }));
}

/** Of one chunk. */
interface Logits extends Chunk {
  /** [d, C]. */
  readonly states: Pointer;
  /** [1, C]. */
  readonly targets: Pointer;
  /** [1, V, C]. */
  readonly logits: Pointer;
  /** softmax(logits / T), [1, V, C]. */
  readonly probabilities: Pointer;
  /** V. */
  readonly vocabulary: number;
}

function computeLogits(
  { graph: { ops }, weights, shape, inputs, temperature }: HeadContext,
  normed: Pointer,
  { from, count }: Chunk,
): Logits {
  const rowBytes = shape.embedding * FLOAT_BYTES;
  const states = ops.view2d(normed, shape.embedding, count, rowBytes, from * rowBytes);
  const logits = ops.mulMat(weights.get(weights.head).tensor, states);
  const probabilities = ops.softMaxExt(logits, null, 1 / temperature, 0);
  return {
    from,
    count,
    states,
    targets: ops.view2d(inputs.targets, 1, count, FLOAT_BYTES, from * FLOAT_BYTES),
    logits: ops.reshape3d(logits, 1, shape.vocabulary, count),
    probabilities: ops.reshape3d(probabilities, 1, shape.vocabulary, count),
    vocabulary: shape.vocabulary,
  };
}

function readLogits(
  { graph: { ops }, shape, temperature }: HeadContext,
  { targets, logits, probabilities, count }: Logits,
): { logp: Pointer; entropy: Pointer } {
  const perTemperature = (a: Pointer) => ops.scale(a, 1 / temperature);
  const byToken = (a: Pointer) => ops.reshape3d(a, shape.vocabulary, 1, count);
  const best = ops.reshape2d(ops.argmax(ops.reshape2d(logits, shape.vocabulary, count)), 1, count);
  const logS = ops.scale(ops.log(ops.getRows(probabilities, best)), -1);
  const zBest = ops.getRows(logits, best);
  const zMean = ops.mulMat(byToken(probabilities), byToken(logits));
  return {
    logp: ops.sub(perTemperature(ops.sub(ops.getRows(logits, targets), zBest)), logS),
    entropy: ops.add(logS, perTemperature(ops.sub(zBest, zMean))), // −Σ p log p
  };
}

/** −T · ∂logp/∂z = p − onehot(y), [V, C], in the place of the probabilities. */
function differentiate(ops: Ops, { count, targets, probabilities, vocabulary }: Logits): Pointer {
  const pTarget = ops.scaleBias(ops.getRows(probabilities, targets), 1, -1);
  return ops.reshape2d(ops.setRows(probabilities, pTarget, targets), vocabulary, count);
}

function storeGradient(context: HeadContext, { from, count }: Logits, dz: Pointer): void {
  const { graph, shape, inputs } = context;
  const rowBytes = shape.embedding * FLOAT_BYTES;
  const room = graph.ops.view2d(inputs.predictorGradients, shape.embedding, count, rowBytes, from * rowBytes);
  graph.append(graph.ops.cpy(timesHead(context, dz, count), room));
}

function trainChunk(context: HeadContext, gradient: Pointer, logits: Logits): void {
  const { graph, inputs, temperature } = context;
  const { ops } = graph;
  const { from, count, states } = logits;
  const dz = differentiate(ops, logits);
  const coefficients = ops.view2d(inputs.coefficients, 1, count, FLOAT_BYTES, from * FLOAT_BYTES);
  const factors = ops.scale(coefficients, -1 / temperature);
  accumulate(graph, gradient, ops.outProd(ops.mul(states, factors), dz));
  storeGradient(context, logits, dz);
}

/** Wᵀ dz, [d, C], with the head's matrix dequantized piece by piece. */
function timesHead(context: HeadContext, dz: Pointer, count: number): Pointer {
  const { graph, weights, shape } = context;
  const { ops } = graph;
  const products = cutHead(context).map(({ from, count: rows }) => {
    const part = ops.view2d(dz, rows, count, shape.vocabulary * FLOAT_BYTES, from * FLOAT_BYTES);
    return transposedProduct(ops, weights.dequantized(ops, weights.head, { from, rows }), part);
  });
  return products.reduce((a, b) => ops.add(a, b));
}
