const NUMERIC = /^[+−]?\d[\d.,]*( %)?$/;

/** Rows as aligned columns; columns of numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const body = rows.map((row) => row.map(String));
  const cells = [header, ...body];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const isNumeric = header.map((_, column) => {
    const filled = body.map((row) => row[column] ?? "").filter((cell) => cell !== "");
    return filled.length > 0 && filled.every((cell) => NUMERIC.test(cell));
  });
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
