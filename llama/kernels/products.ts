import { createRandom } from "../../core/index.ts";
import { type TensorType, typeCode } from "../gguf/tensor-type.ts";
import { type Backend, openBackend } from "../gradients/backend.ts";
import { GGML_TYPE } from "../native/ggml-api.ts";
import { loadLibraries } from "../native/libraries.ts";
import { loadQuantizer } from "../native/quantize.ts";
import type { MeasuredProduct } from "./protocol.ts";

/** `rows` × `columns` of a storage type with `tokens` columns of float32. */
interface Shape {
  readonly name: string;
  readonly type: TensorType;
  readonly columns: number;
  readonly rows: number;
  readonly tokens: number;
}

const WEIGHTS = { columns: 512, rows: 1_024, tokens: 64 };
/** What sampling and gradients spend their time with. */
const SHAPES: readonly Shape[] = [
  { name: "F32 weights", type: "F32", ...WEIGHTS },
  { name: "F16 weights", type: "F16", ...WEIGHTS },
  { name: "BF16 weights", type: "BF16", ...WEIGHTS },
  { name: "Q8_0 weights", type: "Q8_0", ...WEIGHTS },
  { name: "Q4_K weights", type: "Q4_K", ...WEIGHTS },
  { name: "attention scores", type: "F32", columns: 64, rows: 512, tokens: 128 },
];
const MEASURE_MS = 150;
/** More than the nodes of a product. */
const NODES = 8;

/** Measures all products on one thread, with the kernels that this process loads. */
export function measureProducts(): MeasuredProduct[] {
  using backend = openBackend(loadLibraries("cpu"), 1);
  return SHAPES.map((shape) => measure(backend, shape));
}

function measure(backend: Backend, { name, type, columns, rows, tokens }: Shape): MeasuredProduct {
  const { base } = backend.api;
  using store = backend.openStore(2);
  const weights = store.declare(typeCode(type), columns, rows);
  const inputs = store.declare(GGML_TYPE.f32, columns, tokens);
  store.allocate();
  backend.upload(
    weights,
    loadQuantizer().quantize(randomNumbers(`${name} w`, rows * columns), columns, type),
  );
  backend.upload(inputs, randomNumbers(`${name} x`, tokens * columns));
  using context = backend.openGraphContext(NODES);
  const graph = base.newGraphCustom(context.ctx, NODES, false);
  const product = context.ops.mulMat(weights, inputs);
  base.setOutput(product);
  base.buildForwardExpand(graph, product);
  using allocator = backend.openAllocator();
  allocator.allocate(graph);
  const milliseconds = fastest(() => backend.compute(graph));
  return {
    name,
    gflops: (2 * rows * columns * tokens) / (milliseconds * 1e6),
    values: backend.download(product),
  };
}

function fastest(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + MEASURE_MS;
  for (let from = performance.now(); from < end; ) {
    work();
    const to = performance.now();
    best = Math.min(best, to - from);
    from = to;
  }
  return best;
}

/** Between −0.5 and 0.5. */
function randomNumbers(name: string, length: number): Float32Array {
  const random = createRandom(name);
  return Float32Array.from({ length }, () => random() - 0.5);
}
