/**
 * Exponential moving average, corrected at its start so that the first value is itself (as Adam corrects its moments).
 *
 * @param weight - of what was before, 0 … 1; 0 changes nothing
 * @returns null where the value is
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  let mean = 0;
  let correction = 0;
  return values.map((value) => {
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    correction = weight * correction + (1 - weight);
    return mean / correction;
  });
}
