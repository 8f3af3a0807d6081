import type { Pointer } from "../native/ggml-api.ts";
import type { Backend, Ops } from "./backend.ts";
import { declareMatrix } from "./backend.ts";

/** `rows` × `columns` numbers, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** The quintic's coefficients: singular values between 0 and 1 come to about 0.7 to 1.2 in five steps. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const STEPS = 5;
const NODES = 64;

/**
 * The nearest semi-orthogonal matrix, roughly, by five Newton–Schulz steps: what Muon puts in the place of a momentum.
 *
 * @returns rows × columns, row-major; all zeros for a matrix of zeros
 * @see Jordan et al., Muon: https://kellerjordan.github.io/posts/muon/
 */
export function orthogonalize(backend: Backend, { rows, columns, values }: Matrix): Float32Array {
  if (values.length !== rows * columns)
    throw new RangeError(`a matrix of ${rows} × ${columns} was given ${values.length} numbers`);
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  if (norm === 0) return new Float32Array(values.length);

  using store = backend.openStore(2);
  using context = backend.openGraphContext(NODES);
  const input = declareMatrix(store, columns, rows);
  const result = declareMatrix(store, columns, rows);
  store.allocate();
  backend.upload(
    input,
    values.map((value) => value / norm),
  );
  const { base } = backend.api;
  const graph = base.newGraphCustom(context.ctx, NODES, false);
  const output = rows <= columns ? iterate(context.ops, input) : iterateTall(context.ops, input);
  base.buildForwardExpand(graph, context.ops.cpy(output, result));
  using allocator = backend.openAllocator();
  allocator.allocate(graph);
  backend.compute(graph);
  return backend.download(result);
}

/** X ← a X + (b X Xᵀ + c (X Xᵀ)²) X, for rows ≤ columns. */
function iterate(ops: Ops, input: Pointer): Pointer {
  let x = input;
  for (let step = 0; step < STEPS; step++) {
    const gram = ops.mulMat(x, x);
    const polynomial = ops.add(ops.scale(gram, B), ops.scale(ops.mulMat(gram, gram), C));
    x = ops.add(ops.scale(x, A), ops.outProd(x, polynomial)); // The polynomial is symmetric.
  }
  return x;
}

function iterateTall(ops: Ops, input: Pointer): Pointer {
  return ops.transpose(iterate(ops, ops.cont(ops.transpose(input))));
}
