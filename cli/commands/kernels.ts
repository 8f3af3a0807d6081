import type { Command } from "commander";
import { compileKernels, type KernelsComparison, kernelsInUse, removeKernels } from "../../llama/index.ts";
import { note, print, printJson } from "../print.ts";
import { openRunSignals } from "../run-signals.ts";
import { describeKernels } from "../show/kernels.ts";
import { table } from "../show/table.ts";

interface KernelsGiven {
  readonly remove?: true;
  readonly json?: true;
}

/** `fleet kernels`: ggml's CPU kernels, compiled here. */
export function addKernelsCommand(program: Command): void {
  program
    .command("kernels")
    .description("compile ggml's kernels for this machine's CPU, and keep them where they are faster")
    .option("--remove", "remove what was compiled here: engines that start take the packaged ones again")
    .option("--json", "for scripts")
    .addHelpText(
      "after",
      "\nTakes git, cmake, make and a C++ compiler (Debian: git cmake make g++); CC and CXX name another compiler than cmake's choice. " +
        "Engines that start from then on use them; FLEET_KERNELS=packaged keeps one from it.\n\n" +
        "Examples:\n  fleet kernels\n  CC=clang CXX=clang++ fleet kernels\n  fleet kernels --remove",
    )
    .action(kernels);
}

async function kernels({ remove, json }: KernelsGiven): Promise<void> {
  if (remove) {
    await removeKernels();
    if (json) printJson(kernelsInUse());
    else print(`in use: ${describeKernels(kernelsInUse())}`);
    return;
  }
  using signals = openRunSignals(() => note("stopping; nothing is kept"));
  const compiled = await compileKernels({ onProgress: note, signal: signals.stop });
  if (json) return printJson(compiled);
  print(productsTable(compiled));
  const gain = compiled.gain.toFixed(2);
  print(
    compiled.file === null
      ? `not kept: those of ${compiled.compiler} are ${gain} × as fast as the packaged ones; another compiler (CC, CXX) may do better`
      : `${gain} × as fast, kept in ${compiled.file}; engines that start from now on use them`,
  );
}

function productsTable({ products }: KernelsComparison): string {
  return table(
    ["GFLOP/s of one thread", "packaged", "compiled", "×"],
    products.map(({ name, packagedGflops, compiledGflops }) => [
      name,
      packagedGflops.toFixed(1),
      compiledGflops.toFixed(1),
      (compiledGflops / packagedGflops).toFixed(2),
    ]),
  );
}
