import type { Pointer } from "../native/ggml-api.ts";
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
  const { ops } = context.graph;
  const base = matrix(context, weight, x);
  const lora = context.parameters.loraOf(weight);
  if (lora === null) return base;
  const update = lowRank(context.graph, lora, x);
  return {
    y: ops.add(base.y, update.y),
    backward: (dy) => ops.add(base.backward(dy), update.backward(dy)),
  };
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

function lowRank(graph: GraphBuilder, lora: LoraTensors, x: Pointer): Layer {
  const { ops } = graph;
  const inner = ops.scale(ops.mulMat(lora.a, x), lora.scale);
  return {
    y: ops.outProd(lora.b, ops.transpose(inner)),
    backward(dy) {
      const dInner = ops.scale(ops.mulMat(lora.b, dy), lora.scale);
      if (lora.gradientB !== null) accumulate(graph, lora.gradientB, ops.outProd(dy, inner));
      if (lora.gradientA !== null) accumulate(graph, lora.gradientA, ops.outProd(x, dInner));
      return ops.outProd(lora.a, ops.transpose(dInner));
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
