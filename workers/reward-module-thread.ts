/**
 * Entry of the thread that loads a reward of the user's own to see whether it is one.
 *
 * @module
 */
import { loadRewardModule } from "./reward-module.ts";

/** @throws {RewardModuleError} when it is none */
export default async function load(path: string): Promise<void> {
  await loadRewardModule(path);
}
