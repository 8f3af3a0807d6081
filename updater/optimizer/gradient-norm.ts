/** The Euclidean length of a gradient, summed in float64. Not finite when any entry is not. */
export function gradientNorm(gradient: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) {
    const value = gradient[i] as number;
    sum += value * value;
  }
  return Math.sqrt(sum);
}

/**
 * What a gradient is multiplied by, so that it is at most `clipNorm` long.
 *
 * @param norm - its length now
 */
export function clipFactor(norm: number, clipNorm: number): number {
  return norm > clipNorm ? clipNorm / norm : 1;
}
