import type { Pointer, Rope } from "../native/ggml-api.ts";
import type { BatchInputs, TileInputs } from "./batch-inputs.ts";
import { type Layer, type LayerContext, linear } from "./linear.ts";
import type { Tile } from "./tiles.ts";
import type { LlamaShape } from "./trainable.ts";

const FLOAT_BYTES = 4;
/** Numbers that `out_prod` takes at once along its first axis; what a row has beyond a multiple of them takes longer. */
const OUTER_STEP = 64;
/** Interleaved pairs: the rows of a GGUF's Q and K are already in that order. */
const ROPE_MODE = 0;

/** What attention needs. */
export interface AttentionContext extends LayerContext {
  /** Whether backward finds the probabilities that forward computed, or computes them again tile by tile. */
  readonly keepsProbabilities: boolean;
}

/** Causal attention with grouped queries, from the normed input [d, N] to what the residual adds [d, N]. */
export function attention(
  context: AttentionContext,
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

/** Attention proper, tile by tile: what a tile needs is free before the next. y [heads · headSize, N]. */
function mixTiles(context: AttentionContext, shape: LlamaShape, inputs: BatchInputs, heads: Heads) {
  const { graph } = context;
  const { ops } = graph;
  const { headSize, heads: queryHeads } = shape;
  const rooms = context.keepsProbabilities ? roomsFor(context, shape, inputs) : null;
  const tiles = inputs.tiles.map((tile, index) => {
    const mixed = mixTile(context, shape, tile, heads, rooms?.[index] ?? null);
    keepInSlots(context, shape, inputs, tile.tile, mixed.y);
    return mixed;
  });
  const y = ops.reshape2d(fromSlots(context, inputs), headSize * queryHeads, inputs.tokens);
  return {
    y,
    backward(dy: Pointer) {
      const dyHeads = ops.reshape2d(dy, headSize, queryHeads * inputs.tokens);
      let sums: { dk: Pointer; dv: Pointer } | null = null;
      for (const [index, { tile }] of inputs.tiles.entries()) {
        const gradient = tiles[index]?.backward(dyHeads);
        if (gradient === undefined) continue;
        const { dq, dk, dv } = gradient;
        keepInSlots(context, shape, inputs, tile, dq);
        sums = sums === null ? { dk, dv } : { dk: ops.add(sums.dk, dk), dv: ops.add(sums.dv, dv) };
        graph.append(sums.dk);
        graph.append(sums.dv);
      }
      if (sums === null) throw new RangeError("a micro-batch without tokens");
      return { dq: fromSlots(context, inputs), ...sums };
    },
  };
}

/**
 * Places for the probabilities of all tiles in one piece of memory: many pieces of many sizes would leave gaps, of which
 * ggml's allocator knows 256 at most.
 */
function roomsFor({ graph }: LayerContext, { heads }: LlamaShape, { tiles }: BatchInputs): Pointer[] {
  const sizes = tiles.map(({ tile: { B, Q, K } }) => heads * B * Q * K);
  const room = graph.room(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  return sizes.map((size) => {
    const place = graph.ops.view1d(room, size, offset * FLOAT_BYTES);
    offset += size;
    return place;
  });
}

/** Stores what a tile holds for each query, [headSize, Q, heads, B]. */
function keepInSlots(
  { graph }: LayerContext,
  { headSize, heads }: LlamaShape,
  inputs: BatchInputs,
  { B, Q, firstSlot }: Tile,
  values: Pointer,
): void {
  const room = graph.ops.view1d(
    inputs.slots,
    headSize * heads * B * Q,
    headSize * heads * firstSlot * FLOAT_BYTES,
  );
  graph.append(graph.ops.cpy(values, room));
}

/** What the tiles stored, in the order of the packed tokens, [headSize, heads · N]. */
function fromSlots({ graph }: LayerContext, inputs: BatchInputs): Pointer {
  const packed = graph.ops.getRows(inputs.slots, inputs.slotOfHead);
  graph.append(packed); // Before anything is written to the slots again.
  return packed;
}

/** @param room - where the tile's probabilities are kept for backward; null where they are not */
function mixTile(
  { graph }: LayerContext,
  shape: LlamaShape,
  inputs: TileInputs,
  heads: Heads,
  room: Pointer | null,
) {
  const { ops } = graph;
  const { headSize, kvHeads } = shape;
  const { B, Q, K, before } = inputs.tile;
  const scale = 1 / Math.sqrt(headSize);
  const queriesOfKv = (Q * shape.heads) / kvHeads; // The query heads of a KV head lie one after the other.
  const gatherKeys = (a: Pointer) => ops.reshape4d(ops.getRows(a, inputs.keys), headSize, K, kvHeads, B);
  const gatherQueries = (a: Pointer) =>
    ops.reshape4d(ops.getRows(a, inputs.queries), headSize, queriesOfKv, kvHeads, B);
  const transposed = (a: Pointer) => ops.cont(ops.transpose(a));
  const scatterKeys = (gradient: Pointer, like: Pointer) =>
    ops.getRowsBack(ops.reshape2d(gradient, headSize, K * kvHeads * B), inputs.keys, like);
  const attend = (q: Pointer, k: Pointer) => {
    const scores = ops.reshape4d(ops.mulMat(k, q), K, Q, shape.heads, B);
    return ops.softMaxExt(ops.diagMaskInfInplace(scores, before), null, scale, 0);
  };
  /** Σ over queries of a [headSize, queriesOfKv, …] and s [K, queriesOfKv, …], [headSize, K, …]. */
  const overQueries = (a: Pointer, s: Pointer) =>
    headSize % OUTER_STEP === 0 ? ops.outProd(a, s) : transposed(ops.outProd(s, a));
  const byKv = (a: Pointer) => ops.reshape4d(a, K, queriesOfKv, kvHeads, B);

  const computed = attend(gatherQueries(heads.q), gatherKeys(heads.k));
  const forward = room === null ? computed : ops.reshape4d(ops.cpy(computed, room), K, Q, shape.heads, B);
  return {
    y: ops.mulMat(transposed(gatherKeys(heads.v)), byKv(forward)),
    /** dy [headSize, heads · N]; dq [headSize, Q, heads, B], dk and dv [headSize, kvHeads · N]. */
    backward(dy: Pointer) {
      const q = gatherQueries(heads.q);
      const k = gatherKeys(heads.k);
      const probabilities = room === null ? attend(q, k) : forward;
      const dyTile = gatherQueries(dy);
      const dp = ops.reshape4d(ops.mulMat(gatherKeys(heads.v), dyTile), K, Q, shape.heads, B);
      const ds = byKv(ops.softMaxExtBack(dp, probabilities, scale, 0));
      return {
        dq: ops.mulMat(transposed(k), ds),
        dk: scatterKeys(overQueries(q, ds), heads.k),
        dv: scatterKeys(overQueries(dyTile, byKv(probabilities)), heads.v),
      };
    },
  };
}
