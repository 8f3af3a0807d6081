/** One measured figure. Ratios are of two measurements of the same run, since machines are noisy. */
export interface Row {
  /** Stable name, unique in the file. */
  readonly id: string;
  /** What was measured, in words. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The figure that must be reached; one of the two, or neither where the row only reports. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A row with its verdict, as it is written. */
export interface JudgedRow extends Row {
  /** Whether the bound holds; true where there is none. */
  readonly holds: boolean;
}

/** Compares a row with its bound. */
export function judge(row: Row): JudgedRow {
  const holds = row.value >= (row.atLeast ?? -Infinity) && row.value <= (row.atMost ?? Infinity);
  return { ...row, holds };
}

/** A family of rows that are measured together. */
export interface Bench {
  readonly name: string;
  measure(): Promise<Row[]>;
}
