import { dirname } from "node:path";
import { compareKernels, kernelsInUse } from "../../llama/index.ts";
import type { Bench, Row } from "../row.ts";

/** Row `kernels`: ggml's CPU kernels as compiled on this machine against the packaged ones; none where none were. */
export const kernelsBench: Bench = {
  name: "kernels",
  async measure(): Promise<Row[]> {
    const used = kernelsInUse();
    if (used.compiler === null) return [];
    const { products, gain } = await compareKernels(dirname(used.file));
    const each = products.map(
      ({ name, packagedGflops, compiledGflops }) =>
        `${name} ${compiledGflops.toFixed(0)} against ${packagedGflops.toFixed(0)}`,
    );
    return [
      {
        id: "kernels",
        what: `kernels for ${used.family} compiled here by ${used.compiler} against the packaged ones, one thread, geometric mean of GFLOP/s: ${each.join(", ")}`,
        value: gain,
        unit: "×",
      },
    ];
  },
};
