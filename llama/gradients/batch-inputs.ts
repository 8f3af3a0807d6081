import { GGML_TYPE, type Pointer } from "../native/ggml-api.ts";
import { type Backend, declareMatrix } from "./backend.ts";
import type { Packing } from "./packing.ts";
import type { Tile, Tiles } from "./tiles.ts";
import type { LlamaShape } from "./trainable.ts";

/** What a micro-batch brings onto the device, and room for what passes between nodes of a graph. */
export interface BatchInputs extends Disposable {
  /** Packed tokens, N. */
  readonly tokens: number;
  /** Predicted tokens with their filling, P. */
  readonly predicted: number;
  /** Token ids, [N]. */
  readonly ids: Pointer;
  /** [N]. */
  readonly positions: Pointer;
  /** The packed token that predicts, [P]. */
  readonly predictors: Pointer;
  /** The predicted token ids, [P]. */
  readonly targets: Pointer;
  /** ∂loss/∂logp, [1, P]. */
  readonly coefficients: Pointer;
  readonly tiles: readonly TileInputs[];
  /** Where each head of each packed token finds itself among the slots, [heads · N]. */
  readonly slotOfHead: Pointer;
  /** Room for the queries' values of all tiles, [headSize, heads · (slots + 1)]; the last slot is zero. */
  readonly slots: Pointer;
  /** Room for gradients with respect to the predictors' normed states, [d, P]. */
  readonly predictorGradients: Pointer;
}

/** A tile's indexes of rows in matrices [headSize, heads · N]. */
export interface TileInputs {
  readonly tile: Tile;
  /** Order B, heads, Q. */
  readonly queries: Pointer;
  /** Order B, kvHeads, K. */
  readonly keys: Pointer;
}

/** Gives a packing memory on the device and uploads it. */
export function openBatchInputs(
  backend: Backend,
  shape: LlamaShape,
  packing: Packing,
  tiling: Tiles,
): BatchInputs {
  const { tiles, slots } = tiling;
  const { heads, kvHeads, headSize, embedding } = shape;
  using opening = new DisposableStack();
  const store = opening.use(backend.openStore(16 + 2 * tiles.length));
  const integers = (data: Int32Array) => ({ tensor: store.declare(GGML_TYPE.i32, data.length), data });
  const tokens = packing.tokensN.length;
  const predicted = packing.predictorsP.length;

  const ids = integers(packing.tokensN);
  const positions = integers(packing.positionsN);
  const predictors = integers(packing.predictorsP);
  const targets = integers(packing.targetsP);
  const slotOfHead = integers(findSlots(tiling, heads, tokens));
  const onDevice = tiles.map((tile) => ({
    tile,
    queries: integers(byHead(tile.queriesBQ, tile.B, tile.Q, heads)),
    keys: integers(byHead(tile.keysBK, tile.B, tile.K, kvHeads)),
  }));
  const coefficients = declareMatrix(store, 1, predicted);
  const room = declareMatrix(store, headSize, heads * (slots + 1));
  const predictorGradients = declareMatrix(store, embedding, predicted);
  store.allocate();
  const ofTiles = onDevice.flatMap(({ queries, keys }) => [queries, keys]);
  for (const { tensor, data } of [ids, positions, predictors, targets, slotOfHead, ...ofTiles])
    backend.upload(tensor, data);
  const open = opening.move();

  return {
    tokens,
    predicted,
    ids: ids.tensor,
    positions: positions.tensor,
    predictors: predictors.tensor,
    targets: targets.tensor,
    coefficients,
    tiles: onDevice.map(({ tile, queries, keys }) => ({
      tile,
      queries: queries.tensor,
      keys: keys.tensor,
    })),
    slotOfHead: slotOfHead.tensor,
    slots: room,
    predictorGradients,
    [Symbol.dispose]: () => open.dispose(),
  };
}

/** From packed tokens [B, count] to rows [B, heads, count] of a matrix that has a row for each head of each token. */
function byHead(tokens: Int32Array, B: number, count: number, heads: number): Int32Array {
  const rows = new Int32Array(tokens.length * heads);
  for (let b = 0; b < B; b++)
    for (let head = 0; head < heads; head++)
      for (let index = 0; index < count; index++)
        rows[(b * heads + head) * count + index] = (tokens[b * count + index] ?? 0) * heads + head;
  return rows;
}

/** Dead tokens without a slot get the one after all others, which stays zero. */
function findSlots({ tiles, slots }: Tiles, heads: number, tokens: number): Int32Array {
  const rowsOf = new Int32Array(heads * tokens).fill(heads * slots);
  for (const tile of tiles) {
    const rows = byHead(tile.queriesBQ, tile.B, tile.Q, heads);
    for (const [slot, row] of rows.entries()) rowsOf[row] = tile.firstSlot * heads + slot;
  }
  return rowsOf;
}
