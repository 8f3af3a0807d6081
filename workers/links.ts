import type { LeaseAnswer, Reference } from "../proto/index.ts";
import type { TaskAddress, WorkerPresence } from "../transport/index.ts";
import type { Collector } from "./collector.ts";
import type { PolicySource } from "./follow-policies.ts";
import type { UploadSource } from "./follow-uploads.ts";
import type { Delivery } from "./handle-task.ts";
import type { RewardPool } from "./reward-pool.ts";

/** What a worker has open besides its engine; it outlives the engine's restarts. */
export interface WorkerLinks {
  /** Waits a bounded time for a delivery; null when there was none. */
  readonly pull: (signal: AbortSignal) => Promise<Delivery | null>;
  /** @param traceparent - that the task came with; "" when it had none */
  readonly lease: (address: TaskAddress, traceparent: string) => Promise<LeaseAnswer>;
  readonly collector: Collector;
  readonly rewards: RewardPool;
  readonly policies: PolicySource;
  readonly uploads: UploadSource;
  /** An adapter's bytes as they arrive, not yet compared with its digest. */
  readonly fetchAdapter: (adapter: string) => AsyncIterable<Uint8Array>;
  readonly fetchReference: (digest: string) => Promise<Reference>;
  readonly announce: (presence: WorkerPresence) => Promise<void>;
}
