import { pathToFileURL } from "node:url";
import { FleetError } from "../core/index.ts";
import type { CustomReward } from "../rewards/index.ts";

/** A module of the user's own is no reward. */
export class RewardModuleError extends FleetError {
  readonly code = "workers.reward_module";
  readonly disposition = "reject";
}

/**
 * Loads the reward that a module exports as its default; once in a thread.
 *
 * @param path - absolute
 * @throws {RewardModuleError} when there is no such module, it fails, or its default export is no function
 */
export async function loadRewardModule(path: string): Promise<CustomReward> {
  const module: unknown = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RewardModuleError(`the reward ${path} cannot be loaded: ${why}`, { cause });
  });
  const reward = (module as { default?: unknown }).default;
  if (typeof reward === "function") return reward as CustomReward;
  throw new RewardModuleError(`the reward ${path} has no function as its default export`);
}
