import type { Granted } from "../proto/index.ts";
import type { TraceContext } from "../telemetry/index.ts";
import type { TaskAddress } from "../transport/index.ts";
import type { HeldLease } from "./held-leases.ts";

/** A task that this worker holds the lease of. */
export interface LeasedGroup {
  readonly address: TaskAddress;
  /** The delivery's data: an encoded Task, unless somebody published something else. */
  readonly body: Uint8Array;
  readonly granted: Granted;
  readonly lease: HeldLease;
  /** Trace that the task came with; null when it had none. */
  readonly trace: TraceContext | null;
}
