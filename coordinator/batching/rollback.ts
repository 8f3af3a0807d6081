import { crashPoint, FleetError } from "../../core/index.ts";
import type { ControlAnswerInit, RollbackRequest } from "../../proto/index.ts";
import { policyOf } from "../issuing/dispatcher.ts";
import { lastStep } from "../issuing/next-tasks.ts";
import type { LedgerState } from "../ledger/state.ts";
import type { Core } from "../serving/core.ts";
import { type PolicyStores, pointAtNewest } from "./publish-policy.ts";

/** There is no going back to that policy. */
export class RollbackRefusedError extends FleetError {
  readonly code = "coordinator.rollback_refused";
  readonly disposition = "reject";
}

/**
 * Goes back to an older policy: the next version has its adapter, the trainer goes on from it, and batches that are out
 * are skipped.
 *
 * @throws {RollbackRefusedError} when there is no such policy, nothing to train after it, or nobody has its adapter
 */
export async function rollback(
  core: Core,
  stores: PolicyStores,
  { version: source, hasCheckpoint }: RollbackRequest,
): Promise<ControlAnswerInit> {
  const kept = new Set(await stores.adapters.list());
  assertMayReturn(core.state, source);
  const { adapter } = policyOf(core.state, source);
  if (adapter !== "" && !hasCheckpoint && !kept.has(adapter)) {
    const versions = core.state.policies.filter(
      (policy) => kept.has(policy.adapter) || policy.adapter === "",
    );
    throw new RollbackRefusedError(
      `neither a checkpoint nor the adapter of policy ${source} is kept; adapters are kept of ${versions.map(({ version }) => version).join(", ")}`,
    );
  }
  const version = core.state.step + 1;
  await core.decide({ type: "rewound", version, source });
  crashPoint("rollback.after-append");
  await pointAtNewest(core.state, stores.pointer);
  crashPoint("rollback.after-pointer");
  const from = hasCheckpoint || source === 0 ? "its checkpoint" : "its adapter, with a fresh optimizer state";
  return { message: `policy ${version} is policy ${source} again; training goes on from ${from}` };
}

function assertMayReturn(state: LedgerState, source: number): void {
  if (state.phase !== "running" && state.phase !== "paused") {
    throw new RollbackRefusedError(`the run is ${state.phase}: there is nothing to go on with`);
  }
  if (source > state.step) {
    throw new RollbackRefusedError(`there is no policy ${source}; the newest is ${state.step}`);
  }
  if (state.step >= lastStep(state)) {
    throw new RollbackRefusedError(
      `no step is left after policy ${state.step}: resume with more --steps to go on from policy ${source}`,
    );
  }
}
