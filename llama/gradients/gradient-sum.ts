import { FleetError } from "../../core/index.ts";

/** Gradients of micro-batches, added up in the order of their places: a sum of float32 depends on it. */
export interface GradientSum {
  /**
   * @param place - of the micro-batch, counted from 0 since the sum was taken; left out, after all that were added
   */
  add(gradient: Float32Array, place?: number): void;
  /** The sum; it starts again from zero. @throws {MissingGradientError} when a place before the last is empty */
  take(): Float32Array;
}

/** A gradient was left out of a sum. */
class MissingGradientError extends FleetError {
  readonly code = "llama.missing_gradient";
  readonly disposition = "fatal";
}

/** A sum of `count` numbers. */
export function createGradientSum(count: number): GradientSum {
  const early = new Map<number, Float32Array>();
  let sum = new Float32Array(count);
  let next = 0;
  return {
    add(gradient, place = next) {
      early.set(place, gradient);
      for (let found = early.get(next); found !== undefined; found = early.get(next)) {
        early.delete(next++);
        for (let index = 0; index < count; index++)
          sum[index] = (sum[index] as number) + (found[index] as number);
      }
    },
    take() {
      const missing = next;
      const waiting = early.size;
      const taken = sum;
      sum = new Float32Array(count);
      early.clear();
      next = 0;
      if (waiting > 0)
        throw new MissingGradientError(
          `the gradient of micro-batch ${missing} was never added, ${waiting} after it were`,
        );
      return taken;
    },
  };
}
