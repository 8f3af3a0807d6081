import type { CpuKernels } from "../../llama/index.ts";

/** Which kernels engines use, in words. */
export function describeKernels(kernels: CpuKernels | null): string {
  if (kernels === null) return "none suits this processor";
  const { family, compiler } = kernels;
  return compiler === null ? `${family}, as packaged` : `${family}, compiled here by ${compiler}`;
}
