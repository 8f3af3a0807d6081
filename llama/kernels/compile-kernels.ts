/**
 * Compiles ggml's kernels for this machine's processor with this machine's compiler, from the sources that come with
 * node-llama-cpp. The packaged ones are compiled with GCC 11, which keeps the sums of the widest float32 and 16-bit
 * products in memory instead of registers: see docs/decisions/0012-kernels-compiled-here.md.
 *
 * @module
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { compiledKernelsFolder, libraryName, packagedKernels } from "../native/cpu-kernels.ts";
import { findLibraries, librariesRelease } from "../native/library-folder.ts";
import { compareKernels, type KernelsComparison } from "./compare-kernels.ts";
import { KernelsError, runTool } from "./run-tool.ts";

/** Whom to tell, and what ends it. */
export interface CompileOptions {
  /** Told in one line what takes long. */
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Kernels that were compiled and measured. */
export interface CompiledKernels extends KernelsComparison {
  /** The family of processors, such as "zen4". */
  readonly family: string;
  /** Such as "GNU 12.2.0". */
  readonly compiler: string;
  /** Where they are kept for all engines that start from now on; null where they are no faster than the packaged ones. */
  readonly file: string | null;
}

/** A gain below is within what a measurement is off. */
const LEAST_GAIN = 1.05;
/** Other orders of sums differ by less, relative to the root of the mean square. */
const MOST_DIFFERENCE = 1e-3;
const FETCH_DEADLINE_MS = 120_000;
const COMPILE_DEADLINE_MS = 1_800_000;

/** As the packaged libraries were configured; names without versions, since those have none. */
const OPTIONS = [
  ...["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_NATIVE=OFF", "-DGGML_OPENMP=OFF"],
  ...["-DGGML_BACKEND_DL=ON", "-DGGML_CPU_ALL_VARIANTS=ON"],
  ...["TESTS", "EXAMPLES", "TOOLS", "SERVER", "COMMON"].map((part) => `-DLLAMA_BUILD_${part}=OFF`),
  ...["-DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON", "-DCMAKE_SKIP_RPATH=ON"],
];

/**
 * Compiles, measures, and keeps what is faster. `CC`, `CXX`, `CFLAGS` and `CXXFLAGS` are the compiler's, as ever.
 *
 * @throws {KernelsError} when the sources or a tool are missing, the compiler fails, or what it made computes something else
 * @throws {LibraryError} when no packaged library suits this processor
 * @throws {CancelledError} as soon as the signal aborts; nothing is left behind
 */
export async function compileKernels({ onProgress, signal }: CompileOptions): Promise<CompiledKernels> {
  const { family } = packagedKernels(findLibraries("cpu"));
  const source = await findSource();
  const kept = compiledKernelsFolder();
  await mkdir(kept, { recursive: true });
  const scratch = await mkdtemp(join(kept, "compiling-"));
  try {
    onProgress(`compiling ggml's kernels for ${family}: half a minute on two cores`);
    const { folder, compiler } = await compile({ source, family, scratch, signal });
    onProgress(`measuring them beside the packaged ones`);
    const comparison = await compareKernels(folder, signal);
    requireSame(comparison);
    const isFaster = comparison.gain >= LEAST_GAIN;
    const file = isFaster ? await keep({ folder, kept, family, compiler }) : null;
    return { ...comparison, family, compiler, file };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Removes all kernels that were compiled here. Engines that run keep theirs; those that start take the packaged ones. */
export async function removeKernels(): Promise<void> {
  await rm(dirname(compiledKernelsFolder()), { recursive: true, force: true });
}

/** llama.cpp's repository as one file, of the release that the packaged libraries are of. */
async function findSource(): Promise<string> {
  const root = join(dirname(createRequire(import.meta.url).resolve("node-llama-cpp")), "..", "llama");
  const source = join(root, "gitRelease.bundle");
  const text = await readFile(join(root, "binariesGithubRelease.json"), "utf8").catch((cause) => {
    throw new KernelsError(
      `llama.cpp's sources are not in ${root}: the npm package node-llama-cpp brings them; an image leaves them out`,
      { cause },
    );
  });
  const { release }: { readonly release?: string } = JSON.parse(text);
  const packaged = librariesRelease();
  if (release !== packaged)
    throw new KernelsError(
      `the sources in ${root} are of ${release}, the packaged libraries of ${packaged}; install both again with \`npm ci\``,
    );
  return source;
}

interface Compilation {
  readonly source: string;
  readonly family: string;
  readonly scratch: string;
  readonly signal: AbortSignal | undefined;
}

async function compile({ source, family, scratch, signal }: Compilation) {
  const tree = join(scratch, "source");
  const build = join(scratch, "build");
  const run = (command: string, args: string[], deadlineMs: number) =>
    runTool({ command, args, deadlineMs, signal });
  await run("git", ["clone", "--quiet", source, tree], FETCH_DEADLINE_MS);
  await run("cmake", ["-S", tree, "-B", build, ...OPTIONS], FETCH_DEADLINE_MS);
  const target = ["--build", build, "--target", `ggml-cpu-${family}`];
  await run("cmake", [...target, "--parallel", String(availableParallelism())], COMPILE_DEADLINE_MS);
  return { folder: join(build, "bin"), compiler: await compilerOf(build) };
}

/** What CMake found out about the compiler. */
async function compilerOf(build: string): Promise<string> {
  const facts = join(build, "CMakeFiles");
  const [version] = (await readdir(facts)).filter((name) => /^\d+\.\d+/.test(name));
  const text = await readFile(join(facts, version ?? "", "CMakeCXXCompiler.cmake"), "utf8");
  const factOf = (name: string) => new RegExp(`set\\(${name} "([^"]*)"\\)`).exec(text)?.[1] ?? "";
  return `${factOf("CMAKE_CXX_COMPILER_ID")} ${factOf("CMAKE_CXX_COMPILER_VERSION")}`;
}

function requireSame({ products }: KernelsComparison): void {
  const wrong = products.find(({ difference }) => !(difference <= MOST_DIFFERENCE));
  if (wrong !== undefined)
    throw new KernelsError(
      `what was compiled computes something else: ${wrong.name} differ from the packaged kernels' by ${wrong.difference.toPrecision(2)}; another compiler (CC, CXX) may do better`,
    );
}

interface Keeping {
  readonly folder: string;
  readonly kept: string;
  readonly family: string;
  readonly compiler: string;
}

/** Puts the library in place at once, so that whoever loads it meanwhile has the old or the new one. */
async function keep({ folder, kept, family, compiler }: Keeping): Promise<string> {
  const name = libraryName(family);
  const file = join(kept, name);
  await writeFile(`${file}.json`, JSON.stringify({ compiler }));
  await rename(join(folder, name), file);
  return file;
}
