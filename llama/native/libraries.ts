/**
 * Loads llama.cpp's shared libraries: one build (cpu, cuda or vulkan) a process, for the process's life. Importing
 * this module loads nothing. What ggml and llama.cpp print goes to the process's standard error, which belongs to
 * the parent: see `llama/child`.
 *
 * @module
 */
import koffi, { type LibraryHandle } from "koffi";
import { findKernels } from "./cpu-kernels.ts";
import { whyNoDevice } from "./device-probe.ts";
import { type Build, findLibraries, LibraryError, type LibraryFolder } from "./library-folder.ts";

/** What a user may ask for; `auto` takes the first of cuda, vulkan, cpu that the machine really has. */
export type Device = "auto" | "cuda" | "vulkan" | "cpu";

/** A device as ggml lists it. */
export interface GgmlDevice {
  /** ggml's `ggml_backend_dev_t`. */
  readonly handle: bigint;
  readonly name: string;
  readonly description: string;
  readonly kind: "cpu" | "gpu" | "other";
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Loaded libraries. */
export interface Libraries {
  readonly build: Build;
  /** The folder that holds them. */
  readonly folder: string;
  /** Tensors, graphs, backends: `ggml.h`, `ggml-alloc.h`, most of `ggml-backend.h`, `gguf.h`. */
  readonly base: LibraryHandle;
  /** The registry of backends and devices. */
  readonly ggml: LibraryHandle;
  /** `llama.h`. */
  readonly llama: LibraryHandle;
  /** All devices of the build. */
  readonly devices: readonly GgmlDevice[];
  /** The one to compute on. */
  readonly device: GgmlDevice;
}

/**
 * Loads the build for a device, and the variant of ggml's CPU backend that suits the processor.
 *
 * @throws {LibraryError} in one sentence, when the device or a library is missing
 */
export function loadLibraries(device: Device): Libraries {
  const found = findLibraries(chooseBuild(device));
  const { build, folder, base, ggml, llama } = found;
  const registry = koffi.load(ggml);
  const tensors = koffi.load(base);
  if (build === "cpu") loadKernels(registry, found);
  else registry.func("void ggml_backend_load_all_from_path(const char *folder)")(folder);
  const devices = readDevices(tensors, registry);
  return {
    build,
    folder,
    base: tensors,
    ggml: registry,
    llama: koffi.load(llama),
    devices,
    device: chooseDevice(devices, device, folder),
  };
}

/** Kernels find `libggml-base.so`, which they need, as it is loaded already. */
function loadKernels(registry: LibraryHandle, found: LibraryFolder): void {
  const kernels = findKernels(found);
  const loaded = registry.func("void *ggml_backend_load(const char *file)")(kernels.file);
  if (loaded === null)
    throw new LibraryError(`${kernels.file} cannot be loaded; \`fleet kernels --remove\` removes it`);
}

function chooseBuild(device: Device): Build {
  if (device === "cpu") return "cpu";
  if (device !== "auto") {
    const reason = whyNoDevice(device);
    if (reason !== null) throw new LibraryError(`device ${device} cannot be used because ${reason}`);
    return device;
  }
  for (const build of ["cuda", "vulkan"] as const) if (whyNoDevice(build) === null) return build;
  return "cpu";
}

function chooseDevice(devices: readonly GgmlDevice[], asked: Device, folder: string): GgmlDevice {
  const gpu = asked === "cpu" ? undefined : devices.find((device) => device.kind === "gpu");
  if (gpu !== undefined) return gpu;
  if (asked === "cuda" || asked === "vulkan")
    throw new LibraryError(
      `device ${asked} cannot be used because ggml finds no such device on this machine`,
    );
  const cpu = devices.find((device) => device.kind === "cpu");
  if (cpu === undefined) throw new LibraryError(`no library in ${folder} suits this processor`);
  return cpu;
}

const KINDS = ["cpu", "gpu", "gpu"] as const; // ggml_backend_dev_type: CPU, GPU, IGPU; then accelerators.

function readDevices(base: LibraryHandle, ggml: LibraryHandle): GgmlDevice[] {
  const count = ggml.func("size_t ggml_backend_dev_count()");
  const get = ggml.func("void *ggml_backend_dev_get(size_t index)");
  const name = base.func("const char *ggml_backend_dev_name(void *device)");
  const description = base.func("const char *ggml_backend_dev_description(void *device)");
  const type = base.func("int ggml_backend_dev_type(void *device)");
  const memory = base.func("void ggml_backend_dev_memory(void *device, size_t *free, size_t *total)");
  return Array.from({ length: Number(count()) }, (_, index) => {
    const handle: bigint = get(index);
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    memory(handle, free, total);
    return {
      handle,
      name: name(handle),
      description: description(handle),
      kind: KINDS[type(handle)] ?? "other",
      freeBytes: Number(free[0]),
      totalBytes: Number(total[0]),
    };
  });
}
