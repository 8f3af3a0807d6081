import { GGML_TYPE, type Pointer } from "../native/ggml-api.ts";
import { type Backend, GradientDeviceError, type Ops } from "./backend.ts";

/** A tensor of the model on the device. */
interface Weight {
  readonly name: string;
  readonly tensor: Pointer;
  /** `ggml_type`. */
  readonly type: number;
  readonly columns: number;
  readonly rows: number;
}

/** The model's tensors on the device, of the types that the file has, or all float32. */
export interface BaseWeights extends Disposable {
  readonly all: readonly Weight[];
  /** The name of the matrix that makes logits: the embedding's, where they are tied. */
  readonly head: string;
  /** @throws {GradientDeviceError} when the model has no such tensor */
  get(name: string): Weight;
  find(name: string): Weight | undefined;
  /** A matrix as float32, or some of its rows, dequantized where it is needed. */
  dequantized(ops: Ops, name: string, part?: { from: number; rows: number }): Pointer;
}

/** Where a model's tensors come from. */
export interface TensorSource {
  readonly tensors: readonly {
    readonly name: string;
    /** `ggml_type`. */
    readonly type: number;
    /** The contiguous axis first. */
    readonly shape: readonly number[];
  }[];
  read(name: string): Promise<Uint8Array>;
}

const INDEX_BYTES = 4;

/**
 * Loads a model.
 *
 * @param asFloat32 - whether all tensors become float32, as training them needs
 */
export async function loadWeights(
  backend: Backend,
  source: TensorSource,
  asFloat32: boolean,
): Promise<BaseWeights> {
  const store = backend.openStore(source.tensors.length + 1);
  const all = source.tensors.map(({ name, type, shape }): Weight => {
    const held = asFloat32 ? GGML_TYPE.f32 : type;
    const [columns = 1, rows = 1] = shape;
    return { name, tensor: store.declare(held, ...shape), type: held, columns, rows };
  });
  const mostRows = Math.max(...all.map(({ rows }) => rows));
  const rowIndexes = store.declare(GGML_TYPE.i32, mostRows);
  store.allocate();
  backend.upload(
    rowIndexes,
    Int32Array.from({ length: mostRows }, (_, index) => index),
  );
  for (const [index, weight] of all.entries()) {
    const bytes = await source.read(weight.name);
    const type = source.tensors[index]?.type ?? weight.type;
    backend.upload(weight.tensor, type === weight.type ? bytes : dequantize(backend, weight, type, bytes));
  }
  return createWeights(all, rowIndexes, store);
}

function createWeights(all: readonly Weight[], rowIndexes: Pointer, store: Disposable): BaseWeights {
  const byName = new Map(all.map((weight) => [weight.name, weight]));
  const get = (name: string): Weight => {
    const weight = byName.get(name);
    if (weight === undefined) throw new GradientDeviceError(`the model has no tensor ${name}`);
    return weight;
  };
  return {
    all,
    head: byName.has("output.weight") ? "output.weight" : "token_embd.weight",
    get,
    find: (name) => byName.get(name),
    dequantized(ops, name, part) {
      const { tensor, type, rows, columns } = get(name);
      const { from, rows: count } = part ?? { from: 0, rows };
      if (type !== GGML_TYPE.f32)
        return ops.getRows(tensor, ops.view1d(rowIndexes, count, from * INDEX_BYTES));
      const rowBytes = columns * Float32Array.BYTES_PER_ELEMENT;
      return count === rows ? tensor : ops.view2d(tensor, columns, count, rowBytes, from * rowBytes);
    },
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

/** As float32, by ggml itself: every type has `get_rows`. */
function dequantize(
  backend: Backend,
  { columns, rows }: Weight,
  type: number,
  bytes: Uint8Array,
): Float32Array {
  using store = backend.openStore(3);
  using context = backend.openGraphContext(8);
  const packed = store.declare(type, columns, rows);
  const indexes = store.declare(GGML_TYPE.i32, rows);
  const result = store.declare(GGML_TYPE.f32, columns, rows);
  store.allocate();
  backend.upload(packed, bytes);
  backend.upload(
    indexes,
    Int32Array.from({ length: rows }, (_, index) => index),
  );
  using allocator = backend.openAllocator();
  const { base } = backend.api;
  const graph = base.newGraphCustom(context.ctx, 8, false);
  base.buildForwardExpand(graph, context.ops.cpy(context.ops.getRows(packed, indexes), result));
  allocator.allocate(graph);
  backend.compute(graph);
  return backend.download(result);
}
