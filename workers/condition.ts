/** Lets code wait for a fact about local state, which is looked at whenever the state changed; nothing polls. */
export interface Condition {
  /** To be called after every change of the state that somebody may wait on. */
  changed(): void;
  /**
   * Waits until `holds()` is true. It is asked at once, then after each change, in the order of the callers.
   *
   * @returns false when `signal` aborted first
   */
  until(holds: () => boolean, signal?: AbortSignal): Promise<boolean>;
}

/** A condition nobody waits on yet. */
export function createCondition(): Condition {
  const waiting = new Set<() => void>();

  return {
    changed: () => {
      for (const look of [...waiting]) look();
    },
    until: (holds, signal) => {
      if (signal?.aborted) return Promise.resolve(false);
      if (holds()) return Promise.resolve(true);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const end = (reached: boolean) => {
        waiting.delete(look);
        signal?.removeEventListener("abort", giveUp);
        resolve(reached);
      };
      const look = () => {
        if (holds()) end(true);
      };
      const giveUp = () => end(false);
      waiting.add(look);
      signal?.addEventListener("abort", giveUp, { once: true });
      return promise;
    },
  };
}
