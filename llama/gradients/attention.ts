import type { Pointer, Rope } from "../native/ggml-api.ts";
import type { BatchInputs, TileInputs } from "./batch-inputs.ts";
import { type Layer, type LayerContext, linear } from "./linear.ts";
import type { LlamaShape } from "./trainable.ts";

const FLOAT_BYTES = 4;
/** Interleaved pairs: the rows of a GGUF's Q and K are already in that order. */
const ROPE_MODE = 0;

/** Causal attention with grouped queries, from the normed input [d, N] to what the residual adds [d, N]. */
export function attention(
  context: LayerContext,
  shape: LlamaShape,
  inputs: BatchInputs,
  layer: number,
  x: Pointer,
): Layer {
  const { ops } = context.graph;
  const q = linear(context, `blk.${layer}.attn_q.weight`, x);
  const k = linear(context, `blk.${layer}.attn_k.weight`, x);
  const v = linear(context, `blk.${layer}.attn_v.weight`, x);
  const rotate = rotation(context, shape, inputs);
  const mixed = mixTiles(context, shape, inputs, {
    q: rotate.forward(q.y, shape.heads),
    k: rotate.forward(k.y, shape.kvHeads),
    v: ops.reshape2d(v.y, shape.headSize, shape.kvHeads * inputs.tokens),
  });
  const output = linear(context, `blk.${layer}.attn_output.weight`, mixed.y);
  return {
    y: output.y,
    backward(dy) {
      const { dq, dk, dv } = mixed.backward(output.backward(dy));
      const dxq = q.backward(rotate.backward(dq, shape.heads));
      const dxk = k.backward(rotate.backward(dk, shape.kvHeads));
      const dxv = v.backward(ops.reshape2d(dv, shape.kvHeads * shape.headSize, inputs.tokens));
      return ops.add(ops.add(dxq, dxk), dxv);
    },
  };
}

/** RoPE: [heads · headSize, N] to [headSize, heads · N], and back for gradients. */
function rotation({ graph, weights }: LayerContext, shape: LlamaShape, inputs: BatchInputs) {
  const { ops } = graph;
  const { headSize, ropeDimensions, contextLength, ropeBase, ropeScale } = shape;
  const factors = weights.find("rope_freqs.weight")?.tensor ?? null;
  const rope: Rope = [ropeDimensions, ROPE_MODE, contextLength, ropeBase, ropeScale, 0, 1, 32, 1];
  const byHead = (a: Pointer, heads: number) => ops.reshape3d(a, headSize, heads, inputs.tokens);
  return {
    forward: (a: Pointer, heads: number) =>
      ops.reshape2d(
        ops.ropeExt(byHead(a, heads), inputs.positions, factors, ...rope),
        headSize,
        heads * inputs.tokens,
      ),
    backward: (da: Pointer, heads: number) =>
      ops.reshape2d(
        ops.ropeExtBack(byHead(da, heads), inputs.positions, factors, ...rope),
        headSize * heads,
        inputs.tokens,
      ),
  };
}

/** Queries, keys and values of the packed tokens, each [headSize, heads · N]. */
interface Heads {
  readonly q: Pointer;
  readonly k: Pointer;
  readonly v: Pointer;
}

/** Attention proper, tile by tile. y [heads · headSize, N]. */
function mixTiles(context: LayerContext, shape: LlamaShape, inputs: BatchInputs, heads: Heads) {
  const { ops } = context.graph;
  const { headSize, heads: queryHeads } = shape;
  const tiles = inputs.tiles.map((tile) => mixTile(context, shape, tile, heads));
  const y = fromTiles(context, shape, inputs, (index) => tiles[index]?.y);
  return {
    y: ops.reshape2d(y, headSize * queryHeads, inputs.tokens),
    backward(dy: Pointer) {
      const dyHeads = ops.reshape2d(dy, headSize, queryHeads * inputs.tokens);
      const gradients = tiles.map((tile) => tile.backward(dyHeads));
      const sum = (pick: (gradient: { dk: Pointer; dv: Pointer }) => Pointer) =>
        gradients.map(pick).reduce((a, b) => ops.add(a, b));
      return {
        dq: fromTiles(context, shape, inputs, (index) => gradients[index]?.dq),
        dk: sum(({ dk }) => dk),
        dv: sum(({ dv }) => dv),
      };
    },
  };
}

/** Brings what the tiles hold for each query, [headSize, Q, heads, B], back into the order of the packed tokens. */
function fromTiles(
  { graph }: LayerContext,
  { headSize, heads }: LlamaShape,
  inputs: BatchInputs,
  valuesOf: (tile: number) => Pointer | undefined,
): Pointer {
  const { ops } = graph;
  for (const [index, { tile }] of inputs.tiles.entries()) {
    const values = valuesOf(index);
    const size = headSize * heads * tile.B * tile.Q;
    const offset = headSize * heads * tile.firstSlot * FLOAT_BYTES;
    if (values !== undefined) graph.append(ops.cpy(values, ops.view1d(inputs.slots, size, offset)));
  }
  const packed = ops.getRows(inputs.slots, inputs.slotOfHead);
  graph.append(packed); // Before the next layer writes to the slots.
  return packed;
}

function mixTile({ graph: { ops } }: LayerContext, shape: LlamaShape, inputs: TileInputs, heads: Heads) {
  const { headSize, kvHeads } = shape;
  const { B, Q, K } = inputs.tile;
  const scale = 1 / Math.sqrt(headSize);
  const queriesOfKv = (Q * shape.heads) / kvHeads; // The query heads of a KV head lie one after the other.
  const gatherKeys = (a: Pointer) => ops.reshape4d(ops.getRows(a, inputs.keys), headSize, K, kvHeads, B);
  const gatherQueries = (a: Pointer) =>
    ops.reshape4d(ops.getRows(a, inputs.queries), headSize, queriesOfKv, kvHeads, B);
  const transposed = (a: Pointer) => ops.cont(ops.transpose(a));
  const scatterKeys = (transposedGradient: Pointer, like: Pointer) =>
    ops.getRowsBack(
      ops.reshape2d(transposed(transposedGradient), headSize, K * kvHeads * B),
      inputs.keys,
      like,
    );

  const q = gatherQueries(heads.q);
  const k = gatherKeys(heads.k);
  const v = gatherKeys(heads.v);
  const scores = ops.reshape4d(ops.mulMat(k, q), K, Q, shape.heads, B);
  const probabilities = ops.softMaxExt(scores, inputs.mask, scale, 0);
  const p = ops.reshape4d(probabilities, K, queriesOfKv, kvHeads, B);
  return {
    y: ops.mulMat(transposed(v), p),
    /** dy [headSize, heads · N]; dq [headSize, Q, heads, B], dk and dv [headSize, kvHeads · N]. */
    backward(dy: Pointer) {
      const dyTile = gatherQueries(dy);
      const dp = ops.reshape4d(ops.mulMat(v, dyTile), K, Q, shape.heads, B);
      const ds = ops.reshape4d(ops.softMaxExtBack(dp, probabilities, scale, 0), K, queriesOfKv, kvHeads, B);
      return {
        dq: ops.mulMat(transposed(k), ds),
        dk: scatterKeys(ops.outProd(ds, q), heads.k),
        dv: scatterKeys(ops.outProd(p, dyTile), heads.v),
      };
    },
  };
}
