/**
 * AdamW (Loshchilov and Hutter, arXiv:1711.05101) over flat parameters. State is float32, each update is computed
 * in float64.
 *
 * @module
 */

/** What the update of a step depends on, beside state and gradient. */
export interface AdamWSettings {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decay of the parameters, times the learning rate. */
  readonly weightDecay: number;
}

/** The running moments of a gradient; same length as the parameters. */
export interface Moments {
  readonly mean: Float32Array;
  readonly square: Float32Array;
  /** Updates made so far. */
  readonly updates: number;
}

/** Moments before the first update. */
export function noMoments(length: number): Moments {
  return { mean: new Float32Array(length), square: new Float32Array(length), updates: 0 };
}

/** Indexes `from` up to but not including `to` of flat parameters. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** One update. */
export interface AdamWUpdate {
  readonly gradient: Float32Array;
  /** What the gradient is multiplied by first. */
  readonly factor: number;
  readonly learningRate: number;
  /** What is updated; all when absent. */
  readonly slices?: readonly Slice[];
}

/**
 * Updates `parameters` and the arrays of `moments` in place.
 *
 * @returns the moments with the update counted; they share their arrays with `moments`
 */
export function adamW(
  parameters: Float32Array,
  moments: Moments,
  update: AdamWUpdate,
  settings: AdamWSettings,
): Moments {
  const updates = moments.updates + 1;
  const [beta1, beta2] = settings.betas;
  const rate = update.learningRate / (1 - beta1 ** updates);
  const unbias = 1 / Math.sqrt(1 - beta2 ** updates);
  const keep = 1 - update.learningRate * settings.weightDecay;
  const { mean, square } = moments;
  for (const { from, to } of update.slices ?? [{ from: 0, to: parameters.length }]) {
    for (let i = from; i < to; i++) {
      const gradient = (update.gradient[i] as number) * update.factor;
      const m = beta1 * (mean[i] as number) + (1 - beta1) * gradient;
      const v = beta2 * (square[i] as number) + (1 - beta2) * gradient * gradient;
      mean[i] = m;
      square[i] = v;
      const change = (rate * m) / (Math.sqrt(v) * unbias + settings.epsilon);
      parameters[i] = (parameters[i] as number) * keep - change;
    }
  }
  return { mean, square, updates };
}
