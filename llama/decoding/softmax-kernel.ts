/**
 * The softmax of one row of logits in WebAssembly SIMD: the greatest logit, the sum of weights exp((logit − greatest) /
 * temperature), and what entropy needs. Every machine computes the same bits: lanes and blocks are added in a fixed
 * order, nothing is fused.
 *
 * The exponential is float32, off by at most 2e-7 of its value plus 1.2e-7 of its exponent; sums are float64 over
 * pairs of pairs of float32.
 *
 * @module
 */
import { exponentialWith, repeat, tree } from "./vector-code.ts";
import {
  compileFunctions,
  defineFunction,
  doWhile,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  type Local,
  v128,
  type WasmFunction,
  type WasmModule,
} from "./wasm-code.ts";

/** Logits a block. The greatest logit and the sum of weights of each block are kept. */
export const BLOCK = 64;
const VECTORS = BLOCK / 4;
const BLOCK_BYTES = 4 * BLOCK;
/** Where in memory: the mean, one block's weights, the logits. What follows these depends on the vocabulary. */
const MEAN = 0;
const WEIGHTS = 16;
const LOGITS = 512;

/** One row in the kernel's memory, and what is known of it. Results are valid until the next row. */
export interface SoftmaxKernel {
  /** To be filled, [vocabulary]. */
  readonly logits: Float32Array;
  /** Of each block, [blocks]; set by {@link greatest}. */
  readonly maximaB: Float32Array;
  /** Of each block, [blocks]; set by {@link weigh}. */
  readonly sumsB: Float64Array;
  /** The greatest logit; NaN when a logit is not finite. */
  greatest(): number;
  /** The sum of weights 2^((logit − greatest) · scale), and of weights times exponents. */
  weigh(greatest: number, scale: number): { readonly sum: number; readonly mean: number };
  /** The weights of one block: a view, valid until the next call. Those of no token are zero. */
  weightsOf(block: number, greatest: number, scale: number): Float32Array;
}

interface Exports {
  greatest(end: number, maxima: number): number;
  weigh(end: number, sums: number, greatest: number, scale: number): number;
  weights(at: number, greatest: number, scale: number): void;
}

/** Creates a kernel with memory for one row of `vocabulary` logits. */
export function createSoftmaxKernel(vocabulary: number): SoftmaxKernel {
  const blocks = Math.ceil(vocabulary / BLOCK);
  const end = LOGITS + blocks * BLOCK_BYTES;
  const sums = end;
  const maxima = sums + 8 * blocks;
  compiled ??= compileFunctions([greatestFunction(), weighFunction(), weightsFunction()]);
  const { wasm, memory } = compiled.open(maxima + 4 * blocks);
  const view = new DataView(memory);
  const weights = new Float32Array(memory, WEIGHTS, BLOCK);
  new Float32Array(memory, LOGITS, blocks * BLOCK).fill(LOWEST, vocabulary);
  return {
    logits: new Float32Array(memory, LOGITS, vocabulary),
    maximaB: new Float32Array(memory, maxima, blocks),
    sumsB: new Float64Array(memory, sums, blocks),
    greatest: () => wasm.greatest(end, maxima),
    weigh(greatest, scale) {
      const sum = wasm.weigh(end, sums, greatest, scale);
      return { sum, mean: view.getFloat64(MEAN, true) };
    },
    weightsOf(block, greatest, scale) {
      wasm.weights(LOGITS + block * BLOCK_BYTES, greatest, scale);
      return weights;
    },
  };
}

let compiled: WasmModule<Exports> | undefined;

/** The lowest finite float32: fills the last block, with weight zero beside any greater logit. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** greatest(end, maxima): keeps each block's maximum; a difference of a logit with itself is zero only if it is finite. */
function greatestFunction(): WasmFunction {
  return defineFunction("greatest", ["i32", "i32"], "f32", ([end, maxima], local) => {
    const at = local("i32");
    const block = local("v128");
    const greatest = local("v128");
    const checks = repeat(4, () => local("v128"));
    const logits = repeat(VECTORS, () => local("v128"));
    const total = checks[0] as Local;
    return [
      at.set(i32.const(LOGITS)),
      greatest.set(f32x4.const(LOWEST)),
      doWhile(
        i32.isBelow(at.get, (end as Local).get),
        ...logits.map((logit, index) => logit.set(v128.load(16 * index, at.get))),
        ...logits.map((logit, index) => {
          const check = checks[index % 4] as Local;
          return check.set(f32x4.add(check.get, f32x4.sub(logit.get, logit.get)));
        }),
        block.set(
          tree(
            logits.map(({ get }) => get),
            f32x4.pmax,
          ),
        ),
        block.set(f32x4.pmax(block.get, f32x4.swapHalves(block))),
        block.set(f32x4.pmax(block.get, f32x4.swapPairs(block))),
        greatest.set(f32x4.pmax(greatest.get, block.get)),
        f32.store(0, (maxima as Local).get, f32x4.first(block.get)),
        (maxima as Local).set(i32.add((maxima as Local).get, i32.const(4))),
        at.set(i32.add(at.get, i32.const(BLOCK_BYTES))),
      ),
      total.set(
        tree(
          checks.map(({ get }) => get),
          f32x4.add,
        ),
      ),
      total.set(f32x4.add(total.get, f32x4.swapHalves(total))),
      total.set(f32x4.add(total.get, f32x4.swapPairs(total))),
      f32x4.first(f32x4.add(greatest.get, total.get)),
    ];
  });
}

/** weigh(end, sums, greatest, scale): keeps each block's sum, returns their sum in order, stores the mean. */
function weighFunction(): WasmFunction {
  return defineFunction("weigh", ["i32", "i32", "f32", "f32"], "f64", (parameters, local) => {
    const [end, sums, greatest, scale] = parameters as [Local, Local, Local, Local];
    const exponential = exponentialWith(local, greatest, scale);
    const at = local("i32");
    const block = local("v128");
    const mean = local("v128");
    const sum = local("f64");
    const four = local("v128");
    const weights = repeat(4, () => local("v128"));
    const products = repeat(4, () => local("v128"));
    const addTo = (target: Local) =>
      target.set(
        f64x2.add(
          target.get,
          f64x2.add(f64x2.promoteLow(four.get), f64x2.promoteLow(f32x4.swapHalves(four))),
        ),
      );
    const group = (first: number) => [
      ...weights.flatMap((weight, index) => [
        exponential.compute(v128.load(16 * (first + index), at.get)),
        weight.set(exponential.weight),
        (products[index] as Local).set(f32x4.mul(weight.get, exponential.exponent.get)),
      ]),
      four.set(
        tree(
          weights.map(({ get }) => get),
          f32x4.add,
        ),
      ),
      addTo(block),
      four.set(
        tree(
          products.map(({ get }) => get),
          f32x4.add,
        ),
      ),
      addTo(mean),
    ];
    const blockSum = f64.add(f64x2.first(block.get), f64x2.second(block.get));
    return [
      exponential.prepare,
      at.set(i32.const(LOGITS)),
      doWhile(
        i32.isBelow(at.get, end.get),
        block.set(f64x2.const(0)),
        ...repeat(VECTORS / 4, (index) => group(4 * index)).flat(),
        f64.store(0, sums.get, blockSum),
        sum.set(f64.add(sum.get, blockSum)),
        sums.set(i32.add(sums.get, i32.const(8))),
        at.set(i32.add(at.get, i32.const(BLOCK_BYTES))),
      ),
      f64.store(MEAN, i32.const(0), f64.add(f64x2.first(mean.get), f64x2.second(mean.get))),
      sum.get,
    ];
  });
}

/** weights(at, greatest, scale): the weights of the block at an address. */
function weightsFunction(): WasmFunction {
  return defineFunction("weights", ["i32", "f32", "f32"], undefined, (parameters, local) => {
    const [at, greatest, scale] = parameters as [Local, Local, Local];
    const exponential = exponentialWith(local, greatest, scale);
    return [
      exponential.prepare,
      ...repeat(VECTORS, (index) => [
        exponential.compute(v128.load(16 * index, at.get)),
        v128.store(WEIGHTS + 16 * index, i32.const(0), exponential.weight),
      ]).flat(),
    ];
  });
}
