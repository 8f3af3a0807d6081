/** One measured figure of a model on this machine. */
export interface BenchRow {
  /** As `make bench` calls it, where it has the same. */
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** What was measured, in words. */
  readonly what: string;
}
