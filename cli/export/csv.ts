/** A line of CSV as RFC 4180 has it, its end included; null and undefined are empty. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(fieldOf).join(",")}\r\n`;
}

function fieldOf(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
