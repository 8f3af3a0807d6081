import { Piscina } from "piscina";
import { FleetError } from "../core/index.ts";
import { REWARD_RANGE } from "../rewards/index.ts";
import type { RewarderAway, Score, ScoreOrder } from "./reward-protocol.ts";
import { createSemaphore } from "./semaphore.ts";

/** A completion could not be scored. */
export class RewardFailedError extends FleetError {
  readonly code = "workers.reward_failed";
  readonly disposition = "reject";
}

/** Nor could any other be: a reward that is served elsewhere is not there. */
export class RewardAwayError extends RewardFailedError {}

/** Threads that score completions. Disposing ends them. */
export interface RewardPool extends AsyncDisposable {
  /**
   * Scores one completion, after those that came before.
   *
   * @returns a finite reward in the declared range
   * @throws {RewardAwayError} when a reward that is served elsewhere is not there
   * @throws {RewardFailedError} when the reward threw, took too long (its thread is replaced) or gave a number out of range
   */
  score(order: ScoreOrder): Promise<Score>;
}

/** How the threads run. */
export interface RewardPoolOptions {
  readonly threads: number;
  readonly timeoutMs: number;
  /** The thread's entry. */
  readonly entry?: URL;
}

/** Starts the threads. */
export function openRewardPool({ threads, timeoutMs, entry }: RewardPoolOptions): RewardPool {
  const pool = new Piscina<ScoreOrder, Score | RewarderAway>({
    filename: (entry ?? new URL("./reward-thread.ts", import.meta.url)).href,
    minThreads: threads,
    maxThreads: threads,
  });
  // A place is given out only when a thread is idle, so that the time limit never counts waiting in a queue.
  const idle = createSemaphore(threads);

  return {
    score: async (order) => {
      using _place = await idle.acquire();
      const answer = await run(pool, order, timeoutMs);
      if ("away" in answer) throw new RewardAwayError(`scoring failed: ${answer.away}`);
      return inRange(answer);
    },
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

async function run(
  pool: Piscina<ScoreOrder, Score | RewarderAway>,
  order: ScoreOrder,
  timeoutMs: number,
): Promise<Score | RewarderAway> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    return await pool.run(order, { signal: limit });
  } catch (cause) {
    const why = limit.aborted ? `took longer than ${timeoutMs} ms` : `failed: ${messageOf(cause)}`;
    throw new RewardFailedError(`scoring ${why}`, { cause });
  }
}

function inRange(score: Score): Score {
  const [least, most] = REWARD_RANGE;
  if (score.reward >= least && score.reward <= most) return score;
  throw new RewardFailedError(`the reward ${score.reward} is not in [${least}, ${most}]`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
