import { GGML_TYPE, type Pointer } from "../native/ggml-api.ts";
import type { Ops } from "./backend.ts";
import type { GraphBuilder } from "./graph.ts";
import type { LayerParameters, LoraTensors } from "./parameters.ts";
import type { BaseWeights } from "./weights.ts";

/** The value of a layer, and its vector-Jacobian product: takes ∂/∂y, sums parameters' gradients, returns ∂/∂x. */
export interface Layer {
  readonly y: Pointer;
  backward(dy: Pointer): Pointer;
}

/** What every layer needs. */
export interface LayerContext {
  readonly graph: GraphBuilder;
  readonly weights: BaseWeights;
  readonly parameters: LayerParameters;
}

/** y = W x, plus scale · B A x where W has a low-rank update. x [in, N] → y [out, N]. */
export function linear(context: LayerContext, weight: string, x: Pointer): Layer {
  const lora = context.parameters.loraOf(weight);
  return lora === null ? matrix(context, weight, x) : updatedMatrix(context, weight, lora, x);
}

function matrix({ graph, weights, parameters }: LayerContext, weight: string, x: Pointer): Layer {
  const { ops } = graph;
  const gradient = parameters.gradientOf(weight);
  return {
    y: ops.mulMat(weights.get(weight).tensor, x),
    backward(dy) {
      if (gradient !== null) accumulate(graph, gradient, ops.outProd(x, dy));
      return transposedProduct(ops, weights.dequantized(ops, weight), dy);
    },
  };
}

/**
 * The update is added to the matrix, which takes less than its product with more tokens than columns: always, since a form
 * that depended on how many tokens there are would let the packing show in the gradient. Only forward over a quantized
 * matrix multiplies both, as the sampler does.
 */
function updatedMatrix(
  { graph, weights }: LayerContext,
  weight: string,
  lora: LoraTensors,
  x: Pointer,
): Layer {
  const { ops } = graph;
  const { tensor, type } = weights.get(weight);
  const a = ops.scale(lora.a, lora.scale);
  const inner = ops.mulMat(a, x);
  return {
    y:
      type === GGML_TYPE.f32
        ? ops.mulMat(ops.add(tensor, ops.outProd(a, lora.b)), x)
        : ops.add(ops.mulMat(tensor, x), ops.outProd(lora.b, ops.transpose(inner))),
    backward(dy) {
      if (lora.gradientB !== null) accumulate(graph, lora.gradientB, ops.outProd(dy, inner));
      if (lora.gradientA !== null) {
        const dInner = ops.scale(ops.mulMat(lora.b, dy), lora.scale);
        accumulate(graph, lora.gradientA, ops.outProd(x, dInner));
      }
      const transposed = ops.cont(ops.transpose(weights.dequantized(ops, weight)));
      return ops.mulMat(ops.add(transposed, ops.outProd(lora.b, a)), dy);
    },
  };
}

/** Root-mean-square norm with a weight for each feature. x [d, N]. */
export function norm(
  { graph, weights, parameters }: LayerContext,
  weight: string,
  epsilon: number,
  x: Pointer,
): Layer {
  const { ops } = graph;
  const w = weights.get(weight).tensor;
  const gradient = parameters.gradientOf(weight);
  const normed = ops.rmsNorm(x, epsilon);
  return {
    y: ops.mul(normed, w),
    backward(dy) {
      if (gradient !== null) accumulate(graph, gradient, ops.repeatBack(ops.mul(normed, dy), gradient));
      return ops.rmsNormBack(ops.mul(dy, w), x, epsilon);
    },
  };
}

/** Wᵀ y of W [in, out] and y [out, N], over a transposed copy of W: a product along rows has the faster kernels. */
export function transposedProduct(ops: Ops, w: Pointer, y: Pointer): Pointer {
  return ops.mulMat(ops.cont(ops.transpose(w)), y);
}

/** Adds to a sum that lives as long as the engine. */
export function accumulate(graph: GraphBuilder, sum: Pointer, gradient: Pointer): void {
  graph.append(graph.ops.addInplace(sum, gradient));
}
