/**
 * The coordinator: the ledger, and everything that is decided from it.
 *
 * @module
 */

export { openArchive } from "./archive/archive.ts";
export type { ArchivedRollout } from "./archive/columns.ts";
export { archiveColumns, queryArchive } from "./archive/query-archive.ts";
export { type RolloutView, readArchive } from "./archive/read-archive.ts";
export { nextBatching } from "./batching/next-batch.ts";
export {
  BatchConfig,
  DatasetConfig,
  EvalConfig,
  LeaseConfig,
  SamplingConfig,
  ScalingConfig,
  StorageConfig,
} from "./config.ts";
export type { AnswerParts } from "./dashboard/answers.ts";
export { createRestSource } from "./dashboard/rest-source.ts";
export { dashboardUrl, openDashboard } from "./dashboard/serve-dashboard.ts";
export { createDashboardLink } from "./dashboard/sessions.ts";
export {
  checkDataset,
  type DatasetCheck,
  readDataset,
} from "./dataset/dataset.ts";
export { parseJsonLine } from "./dataset/parse-instance.ts";
export { readLines } from "./dataset/read-lines.ts";
export { nextDecisions } from "./issuing/next-decisions.ts";
export type { Prompts } from "./issuing/next-tasks.ts";
export { createPromptOrder } from "./issuing/prompt-order.ts";
export { openPromptRenderer, PromptTemplateError } from "./issuing/render-prompt.ts";
export { endLease, judgeLease } from "./leasing/decide-lease.ts";
export { createLeaseTerms } from "./leasing/lease-terms.ts";
export { FencedError } from "./ledger/append-once.ts";
export { balancesOf } from "./ledger/balance.ts";
export type { Decision, LedgerEvent } from "./ledger/events.ts";
export { applyEvent } from "./ledger/fold.ts";
export { type Ledger, openLedger } from "./ledger/ledger.ts";
export type { Outcome } from "./ledger/records.ts";
export type { RunSettings } from "./ledger/run-settings.ts";
export { emptyState, type LedgerState } from "./ledger/state.ts";
export { IllegalTransitionError } from "./ledger/transitions.ts";
export type { CoordinatorOptions } from "./serving/options.ts";
export { coordinatorEnvironment } from "./serving/process-environment.ts";
export { runCoordinator } from "./serving/run-coordinator.ts";
export { bootstrapInterval, type Interval } from "./summary/bootstrap.ts";
export type { HeldOut } from "./summary/held-out.ts";
export type { Summary } from "./summary/summary.ts";
export { type NoTrace, readTrace } from "./tracing/read-trace.ts";
export { readTrainingRecord } from "./verifying/training-record.ts";
export { type Verification, verifyRun } from "./verifying/verify-run.ts";
