/**
 * A worker: leases tasks, samples and scores their completions, hands them to the coordinator, follows the policy.
 *
 * Always true: a delivery is acknowledged only when the coordinator expects nothing more of it; a token's span names
 * the policy it was sampled under; a sample that failed is a failure, never a number.
 *
 * @module
 */

export { createAdapterShelf } from "./adapter-shelf.ts";
export { checkRewardModule } from "./check-reward-module.ts";
export { type CollectLink, type Collector, openCollector, type SampleMessage } from "./collector.ts";
export { type Origin, readPrefix, recordCompletion } from "./completion-record.ts";
export { WorkerConfig } from "./config.ts";
export { followPolicies, type PolicySource } from "./follow-policies.ts";
export { followUploads, type UploadSource } from "./follow-uploads.ts";
export { type Delivery, type HandleTaskDeps, handleTask } from "./handle-task.ts";
export { type IntakeWork, runIntake } from "./intake.ts";
export { keepEngine } from "./keep-engine.ts";
export type { LeasedGroup } from "./leased-group.ts";
export { createPolicyGate } from "./policy-gate.ts";
export { type PolicyState, policyToFollow, stepTowards } from "./policy-order.ts";
export { openRewardPool, RewardAwayError, RewardFailedError, type RewardPool } from "./reward-pool.ts";
export { ROLLOUT_BYTES_AT_MOST, recordRollout } from "./rollout-record.ts";
export { createRoom, wantsAnother } from "./room.ts";
export { runWorker, type WorkerOptions } from "./run-worker.ts";
export { type ServeGroupDeps, serveGroup } from "./serve-group.ts";
export { openSpool } from "./spool.ts";
