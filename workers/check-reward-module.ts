import { Piscina } from "piscina";
import { RewardModuleError } from "./reward-module.ts";

/**
 * Loads a reward of the user's own once, on a thread that then ends: what it does while it loads stays there.
 *
 * @param path - absolute
 * @param timeoutMs - how long it may take
 * @throws {RewardModuleError} when it is no reward, or does not load in time
 */
export async function checkRewardModule(path: string, timeoutMs: number): Promise<void> {
  const pool = new Piscina<string, void>({
    filename: new URL("./reward-module-thread.ts", import.meta.url).href,
    maxThreads: 1,
  });
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    await pool.run(path, { signal: limit });
  } catch (cause) {
    const late = `the reward ${path} did not load within ${timeoutMs} ms`;
    throw new RewardModuleError(limit.aborted ? late : (cause as Error).message, { cause });
  } finally {
    await pool.destroy();
  }
}
