/**
 * A backend that computes nothing and holds nothing: what a model and its micro-batches would take on a device, found out
 * by the same code that would take it.
 *
 * @module
 */
import type { Pointer } from "../native/ggml-api.ts";
import type { Libraries } from "../native/libraries.ts";
import { type Backend, type GraphAllocator, openBackend, openContext, type TensorStore } from "./backend.ts";

/** A backend that only counts. */
export interface DryBackend {
  readonly backend: Backend;
  /** The most bytes of the device that were held at once so far. */
  readonly mostBytes: number;
}

/** Where tensors are said to lie; nobody reads or writes there. */
const NOWHERE = 1n << 44n;
const ALIGNMENT = 64;

/** Opens a dry backend over the CPU's, which each build has; sizes on other devices are the same but for padding. */
export function openDryBackend(libraries: Libraries): DryBackend {
  const device = libraries.devices.find(({ kind }) => kind === "cpu") ?? libraries.device;
  const usual = openBackend({ ...libraries, device }, 1);
  const { base } = usual.api;
  let held = 0;
  let most = 0;
  const hold = (bytes: number) => {
    held += bytes;
    most = Math.max(most, held);
  };

  function openStore(mostTensors: number): TensorStore {
    const ctx = openContext(base, mostTensors * base.tensorOverhead());
    const tensors: Pointer[] = [];
    let buffer: Pointer | null = null;
    let bytes = 0;
    return {
      declare(type, ...ne) {
        const tensor = base.newTensor(ctx, type, ne.length, BigInt64Array.from(ne, BigInt));
        tensors.push(tensor);
        return tensor;
      },
      allocate() {
        const sizes = tensors.map((tensor) => Math.ceil(base.nbytes(tensor) / ALIGNMENT) * ALIGNMENT);
        bytes = sizes.reduce((sum, size) => sum + size, 0);
        buffer = base.backendCpuBufferFromPtr(NOWHERE, bytes);
        let offset = 0;
        for (const [index, tensor] of tensors.entries()) {
          base.backendTensorAlloc(buffer, tensor, NOWHERE + BigInt(offset));
          offset += sizes[index] ?? 0;
        }
        hold(bytes);
      },
      [Symbol.dispose]() {
        hold(-bytes);
        if (buffer !== null) base.backendBufferFree(buffer);
        base.free(ctx);
      },
    };
  }

  /** Grows to its largest graph, as ggml's does. */
  function openAllocator(): GraphAllocator {
    let bytes = 0;
    return {
      allocate(graph) {
        const needed = Math.max(bytes, usual.bytesOf(graph));
        hold(needed - bytes);
        bytes = needed;
      },
      [Symbol.dispose]: () => hold(-bytes),
    };
  }

  return {
    get mostBytes() {
      return most;
    },
    backend: {
      ...usual,
      openStore,
      openAllocator,
      upload: () => {},
      download: (tensor) => new Float32Array(base.nbytes(tensor) / Float32Array.BYTES_PER_ELEMENT),
      compute: () => {},
      run: async () => {},
    },
  };
}
