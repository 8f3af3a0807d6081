/** Whether a trainer is there: this process's own knowledge, since a session does not outlive it. */
export interface TrainerPresence {
  /** Sessions that are open: one, and for a moment another that takes over. */
  readonly sessions: number;
  /** When the last session began or ended, or this process began, by {@link performance.now}. */
  readonly sinceMs: number;
  /** Counts a session until it is disposed. */
  enter(): Disposable;
}

/** Nobody is there yet. */
export function createTrainerPresence(): TrainerPresence {
  let sessions = 0;
  let sinceMs = performance.now();
  const changeBy = (by: number) => {
    sessions += by;
    sinceMs = performance.now();
  };
  return {
    get sessions() {
      return sessions;
    },
    get sinceMs() {
      return sinceMs;
    },
    enter: () => {
      changeBy(1);
      return { [Symbol.dispose]: () => changeBy(-1) };
    },
  };
}
