/**
 * Whether a GPU build can run here, asked of the driver before the build is loaded: a process loads one build only.
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import koffi, { type LibraryHandle } from "koffi";
import { findLibraries, hasLibraries } from "./library-folder.ts";

/** Why this machine cannot use a GPU build, as it reads after "because "; null when it can. */
export function whyNoDevice(build: "cuda" | "vulkan"): string | null {
  if (!hasLibraries(build)) return `the npm package for ${build} is not installed`;
  return (build === "cuda" ? whyNoCudaDriver() : whyNoVulkanDriver()) ?? whyNotLoadable(build);
}

function whyNoCudaDriver(): string | null {
  const driver = tryLoad("libcuda.so.1");
  if (typeof driver === "string") return "NVIDIA's driver (libcuda.so.1) is not installed";
  const init = driver.func("int cuInit(unsigned int flags)");
  const countDevices = driver.func("int cuDeviceGetCount(int *count)");
  const count = new Int32Array(1);
  const status = init(0) || countDevices(count);
  if (status !== 0) return `NVIDIA's driver answers with error ${status}`;
  return count[0] ? null : "NVIDIA's driver sees no device";
}

function whyNoVulkanDriver(): string | null {
  if (typeof tryLoad("libvulkan.so.1") === "string")
    return "the Vulkan loader (libvulkan.so.1) is not installed";
  const rendersHere = existsSync("/dev/dri") && readdirSync("/dev/dri").some((n) => n.startsWith("renderD"));
  return rendersHere || existsSync("/dev/nvidia0") ? null : "there is no graphics device in /dev/dri";
}

function whyNotLoadable(build: "cuda" | "vulkan"): string | null {
  const { gpuBackend } = findLibraries(build);
  const loaded = gpuBackend === null ? "the build has no GPU backend" : tryLoad(gpuBackend);
  return typeof loaded === "string" ? describeLoadError(loaded) : null;
}

/** What the dynamic linker says, in a sentence where it lacks a library. */
export function describeLoadError(message: string): string {
  const missing = /(lib[\w.+-]+\.so[.\d]*): cannot open shared object file/.exec(message)?.[1];
  if (missing === undefined) return message;
  const of = /^lib(cudart|cublas)/.test(missing) ? "NVIDIA's CUDA runtime" : "a library that the build needs";
  return `${of} (${missing}) is not installed`;
}

function tryLoad(path: string): LibraryHandle | string {
  try {
    return koffi.load(path);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
