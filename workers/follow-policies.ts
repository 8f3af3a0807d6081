import { dispositionOf, FleetError, pause } from "../core/index.ts";
import type { Policy } from "../llama/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { PointedPolicy, PolicyPointer } from "../transport/index.ts";

/** The pointer names a policy of another base than the run's. */
class ForeignPolicyError extends FleetError {
  readonly code = "workers.foreign_policy";
  readonly disposition = "fatal";
}

import { orAborted } from "./or-aborted.ts";

/** Where the newest policy is learnt. */
export type PolicySource = Pick<PolicyPointer, "get" | "watch">;

/** How the pointer is followed. */
export interface FollowOptions {
  readonly source: PolicySource;
  /** SHA-256 of the run's base, in hex. */
  readonly base: string;
  readonly pollMs: number;
  readonly follow: (policy: Policy) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Tells `follow` of every new policy until `stop` aborts: it watches the pointer and, since a watch can fall silent,
 * reads it at intervals. What fails is logged and tried again.
 *
 * @throws {ForeignPolicyError} and what `follow` throws
 */
export async function followPolicies(options: FollowOptions, stop: AbortSignal): Promise<void> {
  const { source, base, pollMs, logger } = options;

  async function tell(policy: PointedPolicy): Promise<void> {
    if (policy.base !== base) {
      throw new ForeignPolicyError(
        `policy ${policy.version} is of base ${policy.base}, the run's is ${base}`,
      );
    }
    await options.follow({ version: policy.version, adapter: policy.adapter });
  }

  async function watch(): Promise<void> {
    for await (const policy of source.watch(stop)) await tell(policy);
  }

  async function read(): Promise<void> {
    const policy = await source.get();
    if (policy !== null) await tell(policy);
  }

  /** Does it again and again; what is not fatal is only logged. */
  async function repeat(work: () => Promise<void>): Promise<void> {
    while (!stop.aborted) {
      await orAborted(work(), stop).catch((error: unknown) => {
        if (stop.aborted) return;
        if (dispositionOf(error) === "fatal") throw error;
        logger.warn("policy pointer not read", { error });
      });
      await pause(pollMs, stop);
    }
  }

  await Promise.all([repeat(watch), repeat(read)]);
}
