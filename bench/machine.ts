import { availableParallelism, cpus, release, totalmem } from "node:os";
import { kernelsInUse } from "../llama/index.ts";

/** What a figure was measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Those of ggml for the CPU: the family of processors, and what compiled them here; "packaged" where nothing did. */
  readonly kernels: string;
  readonly measuredAt: string;
}

/** Describes the machine this process runs on. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    kernels: kernelsOf(),
    measuredAt: new Date().toISOString(),
  };
}

function kernelsOf(): string {
  const { family, compiler } = kernelsInUse();
  return `${family}, ${compiler ?? "packaged"}`;
}
