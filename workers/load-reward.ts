import type { CustomComponent, CustomReward } from "../rewards/index.ts";
import { openRewarder } from "../transport/index.ts";
import { loadRewardModule } from "./reward-module.ts";

/** Services by what they were opened with; connections live as long as the thread. */
const services = new Map<string, CustomReward>();

/**
 * Gives the reward of a component that is not SWE-RL's.
 *
 * @throws {RewardModuleError} when a module is no reward
 */
export async function loadReward(part: CustomComponent): Promise<CustomReward> {
  if (part.kind === "module") return loadRewardModule(part.path);
  const { name, address, deadlineMs } = part;
  const key = JSON.stringify([name, address, deadlineMs]);
  const service = services.get(key) ?? openRewarder({ name, address, deadlineMs });
  services.set(key, service);
  return service;
}
