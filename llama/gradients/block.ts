import type { Pointer } from "../native/ggml-api.ts";
import { type AttentionContext, attention } from "./attention.ts";
import type { Ops } from "./backend.ts";
import type { BatchInputs } from "./batch-inputs.ts";
import { type Layer, type LayerContext, linear, norm } from "./linear.ts";
import type { LlamaShape } from "./trainable.ts";

/** Lost beside any number that a layer computes but zero. */
const TINY = 1e-30;

/** One layer of a Llama: attention and a gated feed-forward network, each normed and added. x [d, N]. */
export function block(
  context: AttentionContext,
  shape: LlamaShape,
  inputs: BatchInputs,
  layer: number,
  x: Pointer,
): Layer {
  const { ops } = context.graph;
  const norm1 = norm(context, `blk.${layer}.attn_norm.weight`, shape.normEpsilon, x);
  const mixed = attention(context, shape, inputs, layer, norm1.y);
  const middle = ops.add(x, mixed.y);
  const norm2 = norm(context, `blk.${layer}.ffn_norm.weight`, shape.normEpsilon, middle);
  const fed = feedForward(context, layer, norm2.y);
  return {
    y: ops.add(middle, fed.y),
    backward(dy) {
      const dMiddle = ops.add(dy, norm2.backward(fed.backward(dy)));
      return ops.add(dMiddle, norm1.backward(mixed.backward(dMiddle)));
    },
  };
}

/** W_down (silu(W_gate x) · W_up x). */
function feedForward(context: LayerContext, layer: number, x: Pointer): Layer {
  const { ops } = context.graph;
  const gate = linear(context, `blk.${layer}.ffn_gate.weight`, x);
  const up = linear(context, `blk.${layer}.ffn_up.weight`, x);
  const down = linear(context, `blk.${layer}.ffn_down.weight`, ops.swigluSplit(gate.y, up.y));
  return {
    y: down.y,
    backward(dy) {
      const dProduct = down.backward(dy);
      const silu = ops.silu(gate.y);
      const dGate = gate.backward(ops.mul(ops.mul(dProduct, up.y), siluSlope(ops, gate.y, silu)));
      const dUp = up.backward(ops.mul(dProduct, silu));
      return ops.add(dGate, dUp);
    },
  };
}

/**
 * The derivative of silu, σ(x) (1 + x − silu(x)), with σ(x) = silu(x) / x. ggml's `silu_back` takes several times as long
 * on a CPU, since it has no vectors for it, nor for σ.
 */
function siluSlope(ops: Ops, x: Pointer, silu: Pointer): Pointer {
  // At x = 0 the quotient is that of what is added: 1/2.
  const sigmoid = ops.div(ops.scaleBias(silu, 1, TINY / 2), ops.scaleBias(x, 1, TINY));
  return ops.mul(sigmoid, ops.scaleBias(ops.sub(x, silu), 1, 1));
}
