/** What decisions depend on, as `run.yaml` had it. */
export interface RunSettings {
  readonly seed: number;
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** Groups of a batch. */
  readonly prompts: number;
  /** Samples of a training task. */
  readonly group: number;
  /** Of training samples. */
  readonly temperature: number;
  /** Largest staleness that trains, in versions. */
  readonly staleness: number;
  /** Groups without signal that are refilled for a step, in batches. */
  readonly refillAtMost: number;
  /** Held-out instances of an evaluation; 0 when there is none. */
  readonly evalTasks: number;
  /** Steps between evaluations; 0: before step 1 and after the last only. */
  readonly evalEvery: number;
  readonly evalTemperatures: readonly number[];
}
