import type { RewardConfig } from "../rewards/index.ts";
import { checkRewardModule } from "../workers/index.ts";

/** What a module may take to load. */
const LOAD_MS = 30_000;

/** Loads the rewards of the user's own once. @throws {RewardModuleError} when one is no reward */
export async function checkRewards({ components }: RewardConfig): Promise<void> {
  for (const part of components) if (part.kind === "module") await checkRewardModule(part.path, LOAD_MS);
}
