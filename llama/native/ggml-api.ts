import { promisify } from "node:util";
import koffi, { type LibraryHandle } from "koffi";
import type { Libraries } from "./libraries.ts";

/** An address in the library: a tensor, a graph, a context, a buffer, an allocator, a backend. */
export type Pointer = bigint;

/** `ggml_type` of what is not quantized. */
export const GGML_TYPE = { f32: 0, i32: 26 } as const;

/** Operations that add one node to a context. Shapes are ggml's: `ne0` is the axis that lies contiguous in memory. */
export interface GgmlOps {
  add(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  addInplace(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  argmax(ctx: Pointer, a: Pointer): Pointer;
  cont(ctx: Pointer, a: Pointer): Pointer;
  /** Copies a into b. */
  cpy(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  /** A view of a [k, q, …] in which row q has become −∞ beyond entry past + q; writes in place. */
  diagMaskInfInplace(ctx: Pointer, a: Pointer, past: number): Pointer;
  div(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  getRows(ctx: Pointer, rows: Pointer, indexes: Pointer): Pointer;
  /** Adds each row of `gradient` to row `indexes[i]` of a zero matrix with the shape of `like`. */
  getRowsBack(ctx: Pointer, gradient: Pointer, indexes: Pointer, like: Pointer): Pointer;
  log(ctx: Pointer, a: Pointer): Pointer;
  mul(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  /** a [k, m], b [k, n] → [m, n]: contracts the first axis of both. */
  mulMat(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  /** a [m, k], b [n, k] → [m, n]: contracts the second axis of both. */
  outProd(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  repeatBack(ctx: Pointer, a: Pointer, like: Pointer): Pointer;
  reshape2d(ctx: Pointer, a: Pointer, ne0: number, ne1: number): Pointer;
  reshape3d(ctx: Pointer, a: Pointer, ne0: number, ne1: number, ne2: number): Pointer;
  reshape4d(ctx: Pointer, a: Pointer, ne0: number, ne1: number, ne2: number, ne3: number): Pointer;
  rmsNorm(ctx: Pointer, a: Pointer, epsilon: number): Pointer;
  rmsNormBack(ctx: Pointer, gradient: Pointer, a: Pointer, epsilon: number): Pointer;
  ropeExt(ctx: Pointer, a: Pointer, positions: Pointer, factors: Pointer | null, ...rope: Rope): Pointer;
  ropeExtBack(
    ctx: Pointer,
    gradient: Pointer,
    positions: Pointer,
    factors: Pointer | null,
    ...rope: Rope
  ): Pointer;
  scale(ctx: Pointer, a: Pointer, factor: number): Pointer;
  scaleBias(ctx: Pointer, a: Pointer, factor: number, bias: number): Pointer;
  /** A view of `rows` in which row `indexes[i]` has become row i of `values`; writes in place. */
  setRows(ctx: Pointer, rows: Pointer, values: Pointer, indexes: Pointer): Pointer;
  silu(ctx: Pointer, a: Pointer): Pointer;
  softMaxExt(ctx: Pointer, a: Pointer, mask: Pointer | null, scale: number, maxBias: number): Pointer;
  softMaxExtBack(ctx: Pointer, gradient: Pointer, y: Pointer, scale: number, maxBias: number): Pointer;
  sub(ctx: Pointer, a: Pointer, b: Pointer): Pointer;
  /** silu(gate) · up. */
  swigluSplit(ctx: Pointer, gate: Pointer, up: Pointer): Pointer;
  transpose(ctx: Pointer, a: Pointer): Pointer;
  view1d(ctx: Pointer, a: Pointer, ne0: number, offsetBytes: number): Pointer;
  view2d(ctx: Pointer, a: Pointer, ne0: number, ne1: number, nb1: number, offsetBytes: number): Pointer;
}

/** Dimensions, mode, original context, base, scale, extension, attention factor, fast and slow beta. */
export type Rope = readonly [number, number, number, number, number, number, number, number, number];

/** Contexts, graphs, buffers and backends. */
export interface GgmlBase {
  init(params: { mem_size: number; mem_buffer: null; no_alloc: boolean }): Pointer;
  free(ctx: Pointer): void;
  newTensor(ctx: Pointer, type: number, dimensions: number, ne: BigInt64Array): Pointer;
  setOutput(tensor: Pointer): void;
  nbytes(tensor: Pointer): number;
  /** The name of a node's operation. */
  opDesc(tensor: Pointer): string;
  tensorOverhead(): number;
  newGraphCustom(ctx: Pointer, size: number, grads: boolean): Pointer;
  graphOverheadCustom(size: number, grads: boolean): number;
  buildForwardExpand(graph: Pointer, tensor: Pointer): void;
  graphNNodes(graph: Pointer): number;
  graphNode(graph: Pointer, index: number): Pointer;
  graphAddNode(graph: Pointer, node: Pointer): void;
  gallocrNew(bufferType: Pointer): Pointer;
  gallocrFree(allocator: Pointer): void;
  gallocrAllocGraph(allocator: Pointer, graph: Pointer): boolean;
  gallocrReserveNSize(
    allocator: Pointer,
    graph: Pointer,
    nodeBuffers: null,
    leafBuffers: null,
    sizes: BigUint64Array,
  ): void;
  backendDevInit(device: Pointer, parameters: null): Pointer | null;
  backendDevSupportsOp(device: Pointer, node: Pointer): boolean;
  backendDevBackendReg(device: Pointer): Pointer;
  backendRegGetProcAddress(registry: Pointer, name: string): Pointer | null;
  backendFree(backend: Pointer): void;
  backendGetDefaultBufferType(backend: Pointer): Pointer;
  backendAllocCtxTensors(ctx: Pointer, backend: Pointer): Pointer | null;
  backendBufferFree(buffer: Pointer): void;
  /** A buffer over memory that is somebody else's; nothing is read or written here. */
  backendCpuBufferFromPtr(memory: Pointer, bytes: number): Pointer;
  /** Gives a tensor its place in a buffer. */
  backendTensorAlloc(buffer: Pointer, tensor: Pointer, address: Pointer): number;
  backendBufferClear(buffer: Pointer, value: number): void;
  backendTensorSet(tensor: Pointer, data: ArrayBufferView, offset: number, bytes: number): void;
  backendTensorGet(tensor: Pointer, data: ArrayBufferView, offset: number, bytes: number): void;
  backendGraphCompute(backend: Pointer, graph: Pointer): number;
}

/** All of ggml that this project calls, aside from devices, which are listed when the libraries are loaded. */
export interface GgmlApi {
  readonly ops: GgmlOps;
  readonly base: GgmlBase;
  /** `backendGraphCompute` on a thread of its own. Slower with more than one thread of ggml. */
  computeAside(backend: Pointer, graph: Pointer): Promise<number>;
  /** Sets the threads of a CPU backend. */
  setThreads(device: Pointer, backend: Pointer, threads: number): void;
}

const ROPE =
  "int dims, int mode, int original, float base, float scale, float extension, float factor, float fast, float slow";

/** Prototypes as the headers have them, pointers untyped, each under the name of its function here. */
export const OPERATION_PROTOTYPES: Readonly<Record<keyof GgmlOps, string>> = {
  add: "void *ggml_add(void *ctx, void *a, void *b)",
  addInplace: "void *ggml_add_inplace(void *ctx, void *a, void *b)",
  argmax: "void *ggml_argmax(void *ctx, void *a)",
  cont: "void *ggml_cont(void *ctx, void *a)",
  cpy: "void *ggml_cpy(void *ctx, void *a, void *b)",
  diagMaskInfInplace: "void *ggml_diag_mask_inf_inplace(void *ctx, void *a, int n_past)",
  div: "void *ggml_div(void *ctx, void *a, void *b)",
  getRows: "void *ggml_get_rows(void *ctx, void *a, void *b)",
  getRowsBack: "void *ggml_get_rows_back(void *ctx, void *a, void *b, void *c)",
  log: "void *ggml_log(void *ctx, void *a)",
  mul: "void *ggml_mul(void *ctx, void *a, void *b)",
  mulMat: "void *ggml_mul_mat(void *ctx, void *a, void *b)",
  outProd: "void *ggml_out_prod(void *ctx, void *a, void *b)",
  repeatBack: "void *ggml_repeat_back(void *ctx, void *a, void *b)",
  reshape2d: "void *ggml_reshape_2d(void *ctx, void *a, int64_t ne0, int64_t ne1)",
  reshape3d: "void *ggml_reshape_3d(void *ctx, void *a, int64_t ne0, int64_t ne1, int64_t ne2)",
  reshape4d: "void *ggml_reshape_4d(void *ctx, void *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3)",
  rmsNorm: "void *ggml_rms_norm(void *ctx, void *a, float eps)",
  rmsNormBack: "void *ggml_rms_norm_back(void *ctx, void *a, void *b, float eps)",
  ropeExt: `void *ggml_rope_ext(void *ctx, void *a, void *b, void *c, ${ROPE})`,
  ropeExtBack: `void *ggml_rope_ext_back(void *ctx, void *a, void *b, void *c, ${ROPE})`,
  scale: "void *ggml_scale(void *ctx, void *a, float s)",
  scaleBias: "void *ggml_scale_bias(void *ctx, void *a, float s, float b)",
  setRows: "void *ggml_set_rows(void *ctx, void *a, void *b, void *c)",
  silu: "void *ggml_silu(void *ctx, void *a)",
  softMaxExt: "void *ggml_soft_max_ext(void *ctx, void *a, void *mask, float scale, float max_bias)",
  softMaxExtBack: "void *ggml_soft_max_ext_back(void *ctx, void *a, void *b, float scale, float max_bias)",
  sub: "void *ggml_sub(void *ctx, void *a, void *b)",
  swigluSplit: "void *ggml_swiglu_split(void *ctx, void *a, void *b)",
  transpose: "void *ggml_transpose(void *ctx, void *a)",
  view1d: "void *ggml_view_1d(void *ctx, void *a, int64_t ne0, size_t offset)",
  view2d: "void *ggml_view_2d(void *ctx, void *a, int64_t ne0, int64_t ne1, size_t nb1, size_t offset)",
};

/** As {@link OPERATION_PROTOTYPES}. */
export const BASE_PROTOTYPES: Readonly<Record<keyof GgmlBase, string>> = {
  init: "void *ggml_init(fleet_ggml_init_params params)",
  free: "void ggml_free(void *ctx)",
  newTensor: "void *ggml_new_tensor(void *ctx, int type, int n_dims, const int64_t *ne)",
  setOutput: "void ggml_set_output(void *tensor)",
  nbytes: "size_t ggml_nbytes(const void *tensor)",
  opDesc: "const char *ggml_op_desc(const void *tensor)",
  tensorOverhead: "size_t ggml_tensor_overhead(void)",
  newGraphCustom: "void *ggml_new_graph_custom(void *ctx, size_t size, bool grads)",
  graphOverheadCustom: "size_t ggml_graph_overhead_custom(size_t size, bool grads)",
  buildForwardExpand: "void ggml_build_forward_expand(void *cgraph, void *tensor)",
  graphNNodes: "int ggml_graph_n_nodes(void *cgraph)",
  graphNode: "void *ggml_graph_node(void *cgraph, int i)",
  graphAddNode: "void ggml_graph_add_node(void *cgraph, void *tensor)",
  gallocrNew: "void *ggml_gallocr_new(void *buft)",
  gallocrFree: "void ggml_gallocr_free(void *galloc)",
  gallocrAllocGraph: "bool ggml_gallocr_alloc_graph(void *galloc, void *graph)",
  gallocrReserveNSize:
    "void ggml_gallocr_reserve_n_size(void *galloc, void *graph, const int *node_buffer_ids, const int *leaf_buffer_ids, size_t *sizes)",
  backendDevInit: "void *ggml_backend_dev_init(void *device, const char *params)",
  backendDevSupportsOp: "bool ggml_backend_dev_supports_op(void *device, const void *op)",
  backendDevBackendReg: "void *ggml_backend_dev_backend_reg(void *device)",
  backendRegGetProcAddress: "void *ggml_backend_reg_get_proc_address(void *reg, const char *name)",
  backendFree: "void ggml_backend_free(void *backend)",
  backendGetDefaultBufferType: "void *ggml_backend_get_default_buffer_type(void *backend)",
  backendAllocCtxTensors: "void *ggml_backend_alloc_ctx_tensors(void *ctx, void *backend)",
  backendBufferFree: "void ggml_backend_buffer_free(void *buffer)",
  backendCpuBufferFromPtr: "void *ggml_backend_cpu_buffer_from_ptr(void *ptr, size_t size)",
  backendTensorAlloc: "int ggml_backend_tensor_alloc(void *buffer, void *tensor, void *addr)",
  backendBufferClear: "void ggml_backend_buffer_clear(void *buffer, uint8_t value)",
  backendTensorSet:
    "void ggml_backend_tensor_set(void *tensor, const void *data, size_t offset, size_t size)",
  backendTensorGet:
    "void ggml_backend_tensor_get(const void *tensor, void *data, size_t offset, size_t size)",
  backendGraphCompute: "int ggml_backend_graph_compute(void *backend, void *cgraph)",
};

/**
 * Binds ggml's functions.
 *
 * @throws when a symbol is missing, which the contract test rules out for the pinned version
 */
export function bindGgml({ base }: Libraries): GgmlApi {
  const api = bindAll<GgmlBase>(base, BASE_PROTOTYPES);
  return {
    ops: bindAll<GgmlOps>(base, OPERATION_PROTOTYPES),
    base: api,
    computeAside: promisify<Pointer, Pointer, number>(base.func(BASE_PROTOTYPES.backendGraphCompute).async),
    setThreads: (device, backend, threads) => {
      const address = api.backendRegGetProcAddress(
        api.backendDevBackendReg(device),
        "ggml_backend_set_n_threads",
      );
      if (address !== null) koffi.decode(address, SET_THREADS)(backend, threads);
    },
  };
}

// Known to koffi by name from here on; BASE_PROTOTYPES refers to it.
koffi.struct("fleet_ggml_init_params", { mem_size: "size_t", mem_buffer: "void *", no_alloc: "bool" });

const SET_THREADS = koffi.proto("void ggml_backend_set_n_threads_t(void *backend, int n_threads)");

function bindAll<Api>(library: LibraryHandle, prototypes: Readonly<Record<keyof Api, string>>): Api {
  const entries = Object.entries<string>(prototypes).map(([name, prototype]) => [
    name,
    library.func(prototype),
  ]);
  return Object.fromEntries(entries) as Api;
}
