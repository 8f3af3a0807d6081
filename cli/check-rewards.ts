import type { RewardConfig } from "../rewards/index.ts";
import { loadRewardModule } from "../workers/index.ts";

/** Loads the rewards of the user's own once. @throws {RewardModuleError} when one is no reward */
export async function checkRewards({ components }: RewardConfig): Promise<void> {
  for (const part of components) if (part.kind === "module") await loadRewardModule(part.path);
}
