import type { Call } from "../child/index.ts";

/** A product of matrices as models have it, and how fast one thread computes it. */
export interface MeasuredProduct {
  /** Such as "F32 weights". */
  readonly name: string;
  /** 10⁹ multiplications and additions a second, of the fastest repetition. */
  readonly gflops: number;
  /** The product. */
  readonly values: Float32Array;
}

/** The process in which one library of kernels is measured. */
export interface KernelsProtocol {
  readonly calls: {
    /** Computes each product for a while. */
    measure: Call<void, readonly MeasuredProduct[]>;
  };
  readonly events: Record<never, never>;
}
