/** What every reader of the archive's rollouts asks of a row. */
export interface RowFacts {
  readonly sequence: number;
  readonly lane: string;
  readonly task: string;
  readonly sample: number;
  readonly instance: string;
  readonly temperature: number;
  /** Step of its batch, or version of its evaluation; null while neither is known. */
  readonly step: number | null;
  /** What became of it; "" while that is not known. */
  readonly outcome: string;
  readonly reward: number;
  readonly exact: boolean;
  readonly errorClass: string;
  readonly finish: string;
  readonly worker: string;
  /** Sampled tokens. */
  readonly tokens: number;
}

/** Reads them from a row as DuckDB gives it, by the columns' names. */
export function rowFacts(row: Record<string, unknown>): RowFacts {
  return {
    sequence: Number(row["sequence"]),
    lane: String(row["lane"]),
    task: String(row["task"]),
    sample: Number(row["sample"]),
    instance: String(row["instance"]),
    temperature: Number(row["temperature"]),
    step: row["step"] === null ? null : Number(row["step"]),
    outcome: String(row["outcome"]),
    reward: Number(row["reward"]),
    exact: row["exact"] === true,
    errorClass: String(row["error_class"]),
    finish: String(row["finish"]),
    worker: String(row["worker"]),
    tokens: Number(row["tokens"]),
  };
}
