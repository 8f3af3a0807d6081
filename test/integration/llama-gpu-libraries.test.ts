import koffi from "koffi";
import { describe, expect, it } from "vitest";
import { describeLoadError, whyNoDevice } from "../../llama/native/device-probe.ts";
import { BASE_PROTOTYPES, bindGgml, OPERATION_PROTOTYPES } from "../../llama/native/ggml-api.ts";
import { findLibraries, hasLibraries } from "../../llama/native/library-folder.ts";
import { bindLlama, LLAMA_PROTOTYPES } from "../../llama/native/llama-api.ts";

describe.each(["cuda", "vulkan"] as const)("llama.cpp's build for %s", (build) => {
  const isInstalled = hasLibraries(build);

  it.skipIf(!isInstalled)("has its files, and in them every symbol that is bound", () => {
    const files = findLibraries(build);
    const [base, ggml, llama] = [files.base, files.ggml, files.llama].map((path) => koffi.load(path));
    if (base === undefined || ggml === undefined || llama === undefined)
      throw new Error("not three libraries");

    const bound = bindGgml({ ...files, base, ggml, llama, devices: [], device: NO_DEVICE });

    expect(files.gpuBackend).toMatch(new RegExp(`/libggml-${build}\\.so$`));
    expect(Object.keys(bound.ops)).toEqual(Object.keys(OPERATION_PROTOTYPES));
    expect(Object.keys(bound.base)).toEqual(Object.keys(BASE_PROTOTYPES));
    expect(Object.keys(bindLlama(llama))).toEqual(Object.keys(LLAMA_PROTOTYPES));
    expect(bound.base.tensorOverhead()).toBeGreaterThan(0);
  });

  it("can be used here, or a sentence says why not", () => {
    const why = whyNoDevice(build);

    if (why !== null)
      expect(why).toMatch(
        /^(the|there is no|NVIDIA's|a library) .*(not installed|error \d+|no device|\/dev\/dri)/,
      );
  });
});

const NO_DEVICE = {
  handle: 0n,
  name: "",
  description: "",
  kind: "other",
  freeBytes: 0,
  totalBytes: 0,
} as const;

it.each([
  [
    "Failed to load shared library: libcudart.so.13: cannot open shared object file: No such file or directory",
    "NVIDIA's CUDA runtime (libcudart.so.13) is not installed",
  ],
  [
    "Failed to load shared library: libgomp.so.1: cannot open shared object file: No such file or directory",
    "a library that the build needs (libgomp.so.1) is not installed",
  ],
  ["undefined symbol: ggml_something", "undefined symbol: ggml_something"],
])("the linker's %s is said as: %s", (message, sentence) => {
  expect(describeLoadError(message)).toBe(sentence);
});
