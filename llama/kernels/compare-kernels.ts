import { type Child, openChild } from "../child/index.ts";
import { PACKAGED } from "../native/cpu-kernels.ts";
import type { KernelsProtocol, MeasuredProduct } from "./protocol.ts";

/** One product by two libraries of kernels. */
export interface ComparedProduct {
  readonly name: string;
  /** 10⁹ multiplications and additions a second of one thread. */
  readonly packagedGflops: number;
  readonly compiledGflops: number;
  /** The largest difference between both results, of the root of their mean square. */
  readonly difference: number;
}

/** Of the packaged kernels and those compared with them. */
export interface KernelsComparison {
  readonly products: readonly ComparedProduct[];
  /** How many times as fast the compiled ones are: the geometric mean over the products. */
  readonly gain: number;
}

/** Each is measured so often, in turn; the fastest counts. */
const ROUNDS = 2;
const MEASURE_DEADLINE_MS = 60_000;

/**
 * Measures packaged and compiled kernels, each in a process of its own, in turn.
 *
 * @param folder - holds the compiled ones
 * @param signal - ends it
 * @throws {EngineDiedError} when a process ends, as one does that meets an instruction which the processor lacks
 */
export async function compareKernels(folder: string, signal?: AbortSignal): Promise<KernelsComparison> {
  await using packaged = openMeasurement(PACKAGED, signal);
  await using compiled = openMeasurement(folder, signal);
  const measure = (child: Child<KernelsProtocol>) => child.call("measure", undefined, MEASURE_DEADLINE_MS);
  let best: ComparedProduct[] | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const products = compare(await measure(packaged), await measure(compiled));
    best = best === null ? products : best.map((product, at) => fasterOf(product, products[at] ?? product));
  }
  const products = best ?? [];
  const logs = products.map(({ packagedGflops, compiledGflops }) =>
    Math.log(compiledGflops / packagedGflops),
  );
  return { products, gain: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length) };
}

/** A process that measures those of a folder, or the packaged ones. */
function openMeasurement(kernels: string, signal: AbortSignal | undefined): Child<KernelsProtocol> {
  return openChild<KernelsProtocol>({
    entry: new URL("kernels-process.ts", import.meta.url),
    name: "the measurement of kernels",
    environment: { FLEET_KERNELS: kernels },
    signal,
    on: {},
  });
}

function compare(
  packaged: readonly MeasuredProduct[],
  compiled: readonly MeasuredProduct[],
): ComparedProduct[] {
  return packaged.map(({ name, gflops, values }, at) => {
    const other = compiled[at] as MeasuredProduct;
    return {
      ...{ name, packagedGflops: gflops, compiledGflops: other.gflops },
      difference: differenceOf(values, other.values),
    };
  });
}

function differenceOf(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  let squares = 0;
  for (const [index, value] of a.entries()) {
    const difference = Math.abs(value - (b[index] as number));
    if (!(difference <= largest)) largest = difference; // Also where it is no number.
    squares += value * value;
  }
  return largest / Math.sqrt(squares / a.length);
}

function fasterOf(a: ComparedProduct, b: ComparedProduct): ComparedProduct {
  return {
    name: a.name,
    packagedGflops: Math.max(a.packagedGflops, b.packagedGflops),
    compiledGflops: Math.max(a.compiledGflops, b.compiledGflops),
    difference: Math.max(a.difference, b.difference),
  };
}
