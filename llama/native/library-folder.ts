/**
 * Where the shared libraries of a build lie: in the npm package `@node-llama-cpp/<platform>[-cuda|-vulkan]`. Their
 * file names carry llama.cpp's version, so the folder is read rather than spelled.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FleetError } from "../../core/index.ts";

/** A compilation of llama.cpp. Each also runs on the CPU. */
export type Build = "cpu" | "cuda" | "vulkan";

/** One build's files, absolute paths. */
export interface LibraryFolder {
  readonly build: Build;
  readonly folder: string;
  readonly base: string;
  readonly ggml: string;
  readonly llama: string;
  /** The backend of the GPU; null in the CPU build. */
  readonly gpuBackend: string | null;
}

/** llama.cpp's shared libraries cannot be used on this machine, or not for the device that was asked for. */
export class LibraryError extends FleetError {
  readonly code = "llama.library_unusable";
  readonly disposition = "reject";
}

/** Whether npm installed this build here. */
export function hasLibraries(build: Build): boolean {
  return packageFolder(packageName(build)) !== null;
}

/**
 * The files of a build.
 *
 * @throws {LibraryError} when this platform is not supported, npm has not installed the package, or a file is missing
 */
export function findLibraries(build: Build): LibraryFolder {
  requirePlatform();
  const name = packageName(build);
  const root = packageFolder(name);
  if (root === null)
    throw new LibraryError(
      `the npm package ${name} is not installed; run \`npm ci\` (it is an optional dependency of node-llama-cpp)`,
    );
  const folder = join(root, "bins", platformOf(build));
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const find = (pattern: RegExp) => {
    const file = files.find((candidate) => pattern.test(candidate));
    if (file === undefined)
      throw new LibraryError(
        `no library ${pattern.source} in ${folder}; install ${name} again with \`npm ci\``,
      );
    return join(folder, file);
  };
  return {
    build,
    folder,
    base: find(/^libggml-base\.so$/),
    ggml: find(/^libggml\..*so$/),
    llama: find(/^libllama\..*so$/),
    gpuBackend:
      build === "cpu" ? null : find(build === "cuda" ? /^libggml-cuda\.so$/ : /^libggml-vulkan\.so$/),
  };
}

/** Of the packages that the builds are in. */
export function librariesVersion(): string {
  const root = packageFolder(packageName("cpu"));
  if (root === null) return "";
  const manifest: { readonly version?: string } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  return manifest.version ?? "";
}

/** The release of llama.cpp that the packages were compiled from, such as "v0.5.0". */
export function librariesRelease(): string {
  const text = readFileSync(join(findLibraries("cpu").folder, "_nlcBuildMetadata.json"), "utf8");
  const metadata: { readonly buildOptions: { readonly llamaCpp: { readonly release: string } } } =
    JSON.parse(text);
  return metadata.buildOptions.llamaCpp.release;
}

function packageName(build: Build): string {
  return `@node-llama-cpp/${platformOf(build)}`;
}

function platformOf(build: Build): string {
  const platform = `${process.platform}-${process.arch}`;
  return build === "cpu" ? platform : `${platform}-${build}`;
}

function packageFolder(name: string): string | null {
  try {
    const ours = createRequire(import.meta.url);
    const theirs = createRequire(ours.resolve("node-llama-cpp"));
    return join(dirname(theirs.resolve(name)), "..");
  } catch {
    return null;
  }
}

function requirePlatform(): void {
  const supported = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");
  if (!supported)
    throw new LibraryError(`needs Linux on x64 or arm64, this is ${process.platform} on ${process.arch}`);
  if (!usesGlibc())
    throw new LibraryError(
      "needs a Linux with glibc (Debian, Ubuntu, Fedora, …), this one has another C library",
    );
}

function usesGlibc(): boolean {
  const source: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  source.excludeNetwork = true; // Else the report looks up host names.
  const report = source.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}
