/**
 * Numbers as a person reads them, always with the minus sign U+2212 and never as a negative zero.
 *
 * @module
 */

/** A number with `digits` decimals: `0.250`, `−1.000`. */
export function decimal(value: number, digits: number): string {
  const size = Math.abs(value).toFixed(digits);
  return value < 0 && Number(size) !== 0 ? `−${size}` : size;
}

/** A change, with its sign: `+0.250`, `−1.000`, `0.000`. */
export function change(value: number, digits: number): string {
  const text = decimal(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** A share in percent: `12.5 %`. */
export function percent(share: number, digits: number): string {
  return `${decimal(100 * share, digits)} %`;
}

/** A change of a share, in percentage points with its sign: `+12.5 %`. */
export function percentChange(share: number, digits: number): string {
  return `${change(100 * share, digits)} %`;
}
