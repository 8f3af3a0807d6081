import type { CpuKernels } from "../../llama/index.ts";

/** Which kernels engines use, in words. */
export function describeKernels({ family, compiler }: CpuKernels): string {
  return compiler === null ? `${family}, as packaged` : `${family}, compiled here by ${compiler}`;
}
