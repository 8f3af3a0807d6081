/**
 * Numbers as a person reads them; the minus sign is U+2212.
 *
 * @module
 */

/** With so many decimals; never a negative zero. */
export function decimal(value: number, digits: number): string {
  const size = Math.abs(value).toFixed(digits);
  return value < 0 && Number(size) !== 0 ? `\u2212${size}` : size;
}

/** A share in percent. */
export function percent(share: number, digits = 0): string {
  return `${decimal(100 * share, digits)} %`;
}

/** A count with thousands apart. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Seconds: `8 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return seconds > 0 && seconds < 10 ? `${decimal(seconds, 1)} s` : `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** A value of a chart: as many digits as it needs, and no more. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6) return `${decimal(value / 1e6, 1)}M`;
  if (size >= 1e4) return `${decimal(value / 1e3, 1)}k`;
  if (size >= 100) return decimal(value, 0);
  if (size >= 1) return decimal(value, 2);
  if (size >= 1e-3) return decimal(value, 4);
  return value.toExponential(1).replaceAll("-", "\u2212");
}
