import { FleetError } from "../../core/index.ts";
import { DeviceMemoryError } from "../native/device-memory-error.ts";
import type { GgmlApi, GgmlOps, Pointer } from "../native/ggml-api.ts";
import { bindGgml, GGML_TYPE } from "../native/ggml-api.ts";
import type { Libraries } from "../native/libraries.ts";

/** The device cannot hold or compute what the gradient needs. */
export class GradientDeviceError extends FleetError {
  readonly code = "llama.gradient_device";
  readonly disposition = "reject";
}

/** Tensors with memory of their own on the device; freed together. */
export interface TensorStore extends Disposable {
  /** Declares a tensor; `ne[0]` is the contiguous axis. Only before {@link TensorStore.allocate}. */
  declare(type: number, ...ne: readonly number[]): Pointer;
  /** Gives memory to all that was declared, filled with zeros. */
  allocate(): void;
}

/** Operations bound to one context. */
export type Ops = {
  readonly [Name in keyof GgmlOps]: GgmlOps[Name] extends (ctx: Pointer, ...rest: infer Rest) => Pointer
    ? (...rest: Rest) => Pointer
    : never;
};

/** A context for graph nodes, whose memory comes from a graph allocator. */
export interface GraphContext extends Disposable {
  readonly ctx: Pointer;
  readonly ops: Ops;
}

/** Gives the values of graphs memory of the device, one graph at a time: what one has computed is lost with the next. */
export interface GraphAllocator extends Disposable {
  /** @throws {DeviceMemoryError} where there is too little memory */
  allocate(graph: Pointer): void;
}

/** A device that computes graphs, with the calls that need no thought about contexts and sizes. */
export interface Backend extends Disposable {
  readonly api: GgmlApi;
  /** ggml's name of the device. */
  readonly name: string;
  openStore(mostTensors: number): TensorStore;
  openGraphContext(mostNodes: number): GraphContext;
  openAllocator(): GraphAllocator;
  /** Memory that a graph's values need. */
  bytesOf(graph: Pointer): number;
  upload(tensor: Pointer, data: ArrayBufferView): void;
  /** Reads a whole float32 tensor. */
  download(tensor: Pointer): Float32Array;
  /** @throws {GradientDeviceError} when the device reports a failure */
  compute(graph: Pointer): void;
  /** The same, beside this thread where the backend was opened so. Values must not be touched meanwhile. */
  run(graph: Pointer): Promise<void>;
  /** @throws {GradientDeviceError} unless the device has an implementation for this node */
  requireSupport(node: Pointer): void;
}

/**
 * Opens the device that the libraries were loaded for.
 *
 * @param threads - counts on a CPU only
 * @param isAside - whether {@link Backend.run} leaves this thread free
 */
export function openBackend(libraries: Libraries, threads: number, isAside = false): Backend {
  const api = bindGgml(libraries);
  const { base } = api;
  const device = libraries.device;
  const backend = base.backendDevInit(device.handle, null);
  if (backend === null) throw new GradientDeviceError(`the device ${device.name} cannot be opened`);
  if (device.kind === "cpu") api.setThreads(device.handle, backend, threads);

  const requireSuccess = (status: number) => {
    if (status === 0) return;
    throw new GradientDeviceError(`the device ${device.name} failed to compute: status ${status}`);
  };
  const compute = (graph: Pointer) => requireSuccess(base.backendGraphCompute(backend, graph));
  return {
    api,
    name: device.name,
    openStore: (mostTensors) => openStore(api, backend, mostTensors),
    openGraphContext: (mostNodes) => openGraphContext(api, mostNodes),
    openAllocator: () => openAllocator(api, backend),
    bytesOf: (graph) => reservedBytes(api, backend, graph),
    upload: (tensor, data) => base.backendTensorSet(tensor, data, 0, data.byteLength),
    download(tensor) {
      const values = new Float32Array(base.nbytes(tensor) / Float32Array.BYTES_PER_ELEMENT);
      base.backendTensorGet(tensor, values, 0, values.byteLength);
      return values;
    },
    compute,
    async run(graph) {
      if (isAside) requireSuccess(await api.computeAside(backend, graph));
      else compute(graph);
    },
    requireSupport(node) {
      if (!base.backendDevSupportsOp(device.handle, node))
        throw new GradientDeviceError(
          `the device ${device.name} cannot compute ${base.opDesc(node)} as this model's gradient needs it; the CPU can`,
        );
    },
    [Symbol.dispose]: () => base.backendFree(backend),
  };
}

function reservedBytes({ base }: GgmlApi, backend: Pointer, graph: Pointer): number {
  const allocator = base.gallocrNew(base.backendGetDefaultBufferType(backend));
  const size = new BigUint64Array(1);
  base.gallocrReserveNSize(allocator, graph, null, null, size);
  base.gallocrFree(allocator);
  return Number(size[0]);
}

/** A matrix of float32, `columns` contiguous. */
export function declareMatrix(store: TensorStore, columns: number, rows: number): Pointer {
  return store.declare(GGML_TYPE.f32, columns, rows);
}

function openStore({ base }: GgmlApi, backend: Pointer, mostTensors: number): TensorStore {
  const ctx = openContext(base, mostTensors * base.tensorOverhead());
  let buffer: Pointer | null = null;
  return {
    declare: (type, ...ne) => base.newTensor(ctx, type, ne.length, BigInt64Array.from(ne, BigInt)),
    allocate() {
      buffer = base.backendAllocCtxTensors(ctx, backend);
      if (buffer === null) throw new DeviceMemoryError("the device has too little memory for the model");
      base.backendBufferClear(buffer, 0);
    },
    [Symbol.dispose]() {
      if (buffer !== null) base.backendBufferFree(buffer);
      base.free(ctx);
    },
  };
}

function openAllocator({ base }: GgmlApi, backend: Pointer): GraphAllocator {
  const allocator = base.gallocrNew(base.backendGetDefaultBufferType(backend));
  return {
    allocate: (graph) => {
      if (!base.gallocrAllocGraph(allocator, graph))
        throw new DeviceMemoryError(
          "the device has too little memory for this micro-batch; a smaller one may fit",
        );
    },
    [Symbol.dispose]: () => base.gallocrFree(allocator),
  };
}

function openGraphContext({ base, ops }: GgmlApi, mostNodes: number): GraphContext {
  const graphs = 3 * base.graphOverheadCustom(mostNodes, false);
  const ctx = openContext(base, mostNodes * base.tensorOverhead() + graphs);
  return { ctx, ops: bindContext(ops, ctx), [Symbol.dispose]: () => base.free(ctx) };
}

/** A context that only describes tensors. */
export function openContext(base: GgmlApi["base"], bytes: number): Pointer {
  return base.init({ mem_size: bytes, mem_buffer: null, no_alloc: true });
}

function bindContext(ops: GgmlOps, ctx: Pointer): Ops {
  const entries = Object.entries(ops).map(([name, operation]) => [name, operation.bind(null, ctx)]);
  return Object.fromEntries(entries) as Ops;
}
