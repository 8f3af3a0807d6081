import type { Pointer } from "../native/ggml-api.ts";
import type { BatchInputs } from "./batch-inputs.ts";
import type { GraphBuilder } from "./graph.ts";
import { accumulate, type LayerContext, norm } from "./linear.ts";
import { TOKEN_STEP } from "./packing.ts";
import type { LlamaShape } from "./trainable.ts";

const FLOAT_BYTES = 4;
/** Numbers of one chunk's logits, at most: 64 MiB of float32. */
const CHUNK_LOGITS = 1 << 24;
/** Numbers of the head's matrix that are dequantized at a time. */
const DEQUANTIZED = 1 << 25;

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
 * predicted tokens only, and a chunk of them at a time; unless all fit in one chunk, backward computes them again.
 *
 * With z the logits and S = Σ exp((z − z_max) / T), the softmax's largest entry is 1 / S, at least 1 / vocabulary, so
 * its logarithm is safe where that of another entry is not: log p(y) = (z_y − z_max) / T − log S.
 */
export function head(
  context: LayerContext,
  shape: LlamaShape,
  inputs: BatchInputs,
  x: Pointer,
  T: number,
): Head {
  const { ops } = context.graph;
  const states = ops.getRows(x, inputs.predictors);
  const normed = norm(context, "output_norm.weight", shape.normEpsilon, states);
  const chunks = cutChunks(inputs.predicted, shape.vocabulary);
  const forward = chunks.map((chunk) => {
    const logits = computeLogits(context, shape, inputs, normed.y, chunk, T);
    const { logp, entropy } = readLogits(context.graph, shape, logits, T);
    context.graph.output(logp);
    context.graph.output(entropy);
    return { chunk, logits, logp, entropy };
  });
  return {
    logp: forward.map(({ logp }) => logp),
    entropy: forward.map(({ entropy }) => entropy),
    backward() {
      for (const { chunk, logits } of forward) {
        const again =
          chunks.length === 1 ? logits : computeLogits(context, shape, inputs, normed.y, chunk, T);
        chunkBackward(context, shape, inputs, chunk, again, T);
      }
      return ops.getRowsBack(normed.backward(inputs.predictorGradients), inputs.predictors, x);
    },
  };
}

interface Chunk {
  readonly from: number;
  readonly count: number;
}

function cutChunks(predicted: number, vocabulary: number): Chunk[] {
  const most = Math.max(1, Math.floor(CHUNK_LOGITS / vocabulary / TOKEN_STEP)) * TOKEN_STEP;
  return Array.from({ length: Math.ceil(predicted / most) }, (_, index) => ({
    from: index * most,
    count: Math.min(most, predicted - index * most),
  }));
}

/** Of one chunk of C predicted tokens. */
interface Logits {
  /** [d, C]. */
  readonly states: Pointer;
  /** [1, C]. */
  readonly targets: Pointer;
  /** [1, V, C]. */
  readonly logits: Pointer;
  /** softmax(logits / T), [V, C]. */
  readonly probabilities: Pointer;
  readonly count: number;
}

function computeLogits(
  { graph: { ops }, weights }: LayerContext,
  { embedding, vocabulary }: LlamaShape,
  inputs: BatchInputs,
  normed: Pointer,
  { from, count }: Chunk,
  T: number,
): Logits {
  const rowBytes = embedding * FLOAT_BYTES;
  const states = ops.view2d(normed, embedding, count, rowBytes, from * rowBytes);
  const logits = ops.mulMat(weights.get(weights.head).tensor, states);
  return {
    states,
    targets: ops.view2d(inputs.targets, 1, count, FLOAT_BYTES, from * FLOAT_BYTES),
    logits: ops.reshape3d(logits, 1, vocabulary, count),
    probabilities: ops.softMaxExt(logits, null, 1 / T, 0),
    count,
  };
}

function readLogits(
  { ops }: GraphBuilder,
  { vocabulary }: LlamaShape,
  { targets, logits, probabilities, count }: Logits,
  T: number,
): { logp: Pointer; entropy: Pointer } {
  const best = ops.reshape2d(ops.argmax(ops.reshape2d(logits, vocabulary, count)), 1, count);
  const logS = ops.scale(ops.log(ops.getRows(ops.reshape3d(probabilities, 1, vocabulary, count), best)), -1);
  const zBest = ops.getRows(logits, best);
  const relative = ops.scale(ops.sub(ops.getRows(logits, targets), zBest), 1 / T);
  const zMean = ops.mulMat(
    ops.reshape3d(probabilities, vocabulary, 1, count),
    ops.reshape3d(logits, vocabulary, 1, count),
  );
  return {
    logp: ops.sub(relative, logS),
    entropy: ops.add(logS, ops.scale(ops.sub(zBest, zMean), 1 / T)), // −Σ p log p
  };
}

/** ∂logp/∂z = (onehot(y) − p) / T; the factor −coefficient / T, one a token, is applied where it is smallest. */
function chunkBackward(
  context: LayerContext,
  shape: LlamaShape,
  inputs: BatchInputs,
  { from, count }: Chunk,
  { states, targets, probabilities }: Logits,
  T: number,
): void {
  const { graph, parameters, weights } = context;
  const { ops } = graph;
  const { embedding, vocabulary } = shape;
  const p = ops.reshape3d(probabilities, 1, vocabulary, count);
  const pTarget = ops.scaleBias(ops.getRows(p, targets), 1, -1);
  const dz = ops.reshape2d(ops.setRows(p, pTarget, targets), vocabulary, count);
  const coefficients = ops.view2d(inputs.coefficients, 1, count, FLOAT_BYTES, from * FLOAT_BYTES);
  const factors = ops.scale(coefficients, -1 / T);
  const gradient = parameters.gradientOf(weights.head);
  if (gradient !== null) accumulate(graph, gradient, ops.outProd(ops.mul(states, factors), dz));

  const dStates = ops.mul(timesHead(context, shape, dz, count), factors);
  const rowBytes = embedding * FLOAT_BYTES;
  const room = ops.view2d(inputs.predictorGradients, embedding, count, rowBytes, from * rowBytes);
  graph.append(ops.cpy(dStates, room));
}

/** Wᵀ dz, with the head's matrix dequantized piece by piece. */
function timesHead(
  { graph: { ops }, weights }: LayerContext,
  { embedding, vocabulary }: LlamaShape,
  dz: Pointer,
  count: number,
): Pointer {
  const most = Math.max(1, Math.floor(DEQUANTIZED / embedding));
  const pieces = Array.from({ length: Math.ceil(vocabulary / most) }, (_, index) => {
    const from = index * most;
    const rows = Math.min(most, vocabulary - from);
    const part = ops.view2d(dz, rows, count, vocabulary * FLOAT_BYTES, from * FLOAT_BYTES);
    return ops.outProd(weights.dequantized(ops, weights.head, { from, rows }), ops.transpose(part));
  });
  return pieces.reduce((a, b) => ops.add(a, b));
}
