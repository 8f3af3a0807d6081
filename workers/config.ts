import { z } from "zod";

/** The `worker` section of run.yaml. */
export const WorkerConfig = z.strictObject({
  onPolicyUpdate: z
    .enum(["keep", "recompute", "drain"])
    .default("keep")
    .describe(
      "What happens to running training sequences when a new policy arrives: keep their KV cells, recompute them, or let them drain under the old one.",
    ),
  liveGroups: z
    .int()
    .min(1)
    .max(100)
    .default(4)
    .describe("Groups decoded at once; every token scans the cache cells of all of them."),
  drainTimeoutMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(60_000)
    .describe(
      "Time allowed on SIGTERM to hand over what is in flight, in milliseconds; less than the pod's grace period.",
    ),
  rewardThreads: z.int().min(1).max(64).default(1).describe("Threads that score finished completions."),
  rewardTimeoutMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(60_000)
    .describe("Longest that scoring one completion may take, in milliseconds; then its thread is replaced."),
  unacknowledgedMegabytes: z
    .int()
    .min(0)
    .max(65_536)
    .default(64)
    .describe(
      "Finished work that may wait for the coordinator in memory, in 10^6 bytes; what is more goes to the spool on disk. At 0 all of it does, and outlives the worker.",
    ),
  spoolMiB: z
    .int()
    .min(0)
    .max(16_777_216)
    .default(1_024)
    .describe(
      "Most that a worker's spool takes on disk, in 2^20 bytes. Once it is full too, no further group is taken, and what is being decoded waits in memory.",
    ),
  policyPollMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(5_000)
    .describe("How often the policy pointer is read besides being watched, in milliseconds."),
  policyWaitMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(600_000)
    .describe(
      "Longest that a lease waits for running groups to end before its policy can be activated, in milliseconds; then it is released.",
    ),
  presenceMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(2_000)
    .describe("How often the worker announces itself, in milliseconds."),
  engineRestart: z
    .strictObject({
      firstMs: z
        .int()
        .min(0)
        .max(600_000)
        .default(500)
        .describe(
          "Pause before an engine that died is started again, in milliseconds; doubles with each death.",
        ),
      mostMs: z.int().min(0).max(3_600_000).default(30_000).describe("Longest such pause, in milliseconds."),
    })
    .prefault({})
    .describe("Back-off between restarts of the engine."),
});

/** A validated `worker` section. */
export type WorkerConfig = z.output<typeof WorkerConfig>;
