/**
 * The machine code that ggml computes with on this machine's processor. A build has one library of kernels for each
 * family of processors; ggml takes the one that suits best. Where the same library was compiled here (`llama/kernels`),
 * that one is used instead: compilers differ by more than processors do.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import koffi, { type LibraryHandle } from "koffi";
import { cacheFolder } from "../../core/index.ts";
import { findLibraries, LibraryError, type LibraryFolder, librariesVersion } from "./library-folder.ts";

/** A library of kernels. */
export interface CpuKernels {
  /** The shared library. */
  readonly file: string;
  /** The family of processors, as ggml names it: such as "zen4". */
  readonly family: string;
  /** What compiled it on this machine, such as "GNU 12.2.0"; null for the packaged one. */
  readonly compiler: string | null;
}

/** The value of `FLEET_KERNELS` with which the packaged kernels are used, whatever was compiled. */
export const PACKAGED = "packaged";

/** What packaged kernels need. It is held, since ggml aborts a process that unloads it and loads it again. */
const held = new Map<string, LibraryHandle>();

const LIBRARY = /^libggml-cpu-(.+)\.so$/;

/**
 * Of the packaged libraries the one that suits this processor best.
 *
 * @throws {LibraryError} when none does
 */
export function packagedKernels({ folder, base }: LibraryFolder): CpuKernels {
  if (!held.has(base)) held.set(base, koffi.load(base));
  let best: CpuKernels | null = null;
  let bestScore = 0;
  for (const name of readdirSync(folder)) {
    const family = LIBRARY.exec(name)?.[1];
    if (family === undefined) continue;
    const file = join(folder, name);
    const score = scoreOf(file);
    if (score <= bestScore) continue;
    best = { file, family, compiler: null };
    bestScore = score;
  }
  if (best === null) throw new LibraryError(`no library in ${folder} suits this processor`);
  return best;
}

/**
 * What is used here: the library that was compiled for the family that suits best, else the packaged one.
 *
 * @throws {LibraryError} when there is none for this processor
 * @param environment - `FLEET_KERNELS`, a folder to look in for compiled ones instead of the cache, or "packaged";
 *   `XDG_CACHE_HOME`; by default this process's
 */
export function findKernels(
  libraries: LibraryFolder,
  environment: Readonly<NodeJS.ProcessEnv> = process.env,
): CpuKernels {
  const packaged = packagedKernels(libraries);
  if (environment["FLEET_KERNELS"] === PACKAGED) return packaged;
  const folder = environment["FLEET_KERNELS"] || compiledKernelsFolder(environment);
  const file = join(folder, libraryName(packaged.family));
  return existsSync(file) ? { ...packaged, file, compiler: compilerOf(file) } : packaged;
}

/**
 * What engines on the CPU use that start now.
 *
 * @throws {LibraryError} when this platform or processor is not supported, or npm has not installed the package
 */
export function kernelsInUse(environment: Readonly<NodeJS.ProcessEnv> = process.env): CpuKernels {
  return findKernels(findLibraries("cpu"), environment);
}

/** Where kernels are kept that were compiled for the libraries of this version. */
export function compiledKernelsFolder(environment: Readonly<NodeJS.ProcessEnv> = process.env): string {
  return cacheFolder(join("kernels", librariesVersion()), environment);
}

/** The file's name of a family's kernels. */
export function libraryName(family: string): string {
  return `libggml-cpu-${family}.so`;
}

/** What a file beside the library says of its making. */
function compilerOf(file: string): string {
  try {
    const made: { readonly compiler?: unknown } = JSON.parse(readFileSync(`${file}.json`, "utf8"));
    if (typeof made.compiler === "string") return made.compiler;
  } catch {
    // Compiled by other means.
  }
  return "an unknown compiler";
}

/** How well ggml says that a library suits this processor; 0 where it cannot be used here. */
function scoreOf(file: string): number {
  try {
    const library = koffi.load(file);
    const score: number = library.func("int ggml_backend_score()")();
    library.unload();
    return score;
  } catch {
    return 0;
  }
}
