import { beginWait, pause } from "../../core/index.ts";
import type { Logger } from "../../telemetry/index.ts";

/** Work that comes again and again beside the calls. Disposing ends it, after what is being done. */
export interface Chores extends AsyncDisposable {
  /** Does `work` every `ms`, never twice at once. What it throws is logged, and the next turn tries again. */
  every(ms: number, name: string, work: () => Promise<void>): void;
}

/** A turn that takes longer than this is named. */
const TURN_MS = 600_000;

/** Opens an empty list of chores. */
export function openChores(logger: Logger): Chores {
  const over = new AbortController();
  const loops: Promise<void>[] = [];

  async function repeat(ms: number, name: string, work: () => Promise<void>): Promise<void> {
    while (!over.signal.aborted) {
      await pause(ms, over.signal);
      if (over.signal.aborted) return;
      using _ = beginWait(`the chore "${name}" to be done`, TURN_MS);
      await work().catch((error: unknown) => logger.warn(`could not ${name}`, { error }));
    }
  }

  return {
    every: (ms, name, work) => void loops.push(repeat(ms, name, work)),
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await Promise.all(loops);
    },
  };
}
