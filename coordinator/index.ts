export { type Archive, openArchive, type SequenceRange } from "./archive/archive.ts";
export type { ArchivedRollout } from "./archive/columns.ts";
export { type RolloutQuery, type RolloutView, readArchive } from "./archive/read-archive.ts";
export {
  type BadLine,
  checkDataset,
  type Dataset,
  type DatasetCheck,
  type DatasetOptions,
  readDataset,
} from "./dataset/dataset.ts";
export { UnusableDatasetError } from "./dataset/errors.ts";
export { openPromptRenderer, PromptTemplateError, type RenderPrompt } from "./issuing/render-prompt.ts";
export type { Outcome } from "./ledger/state.ts";
export { bootstrapInterval, type Interval } from "./summary/bootstrap.ts";
export type { HeldOut, HeldOutChange, HeldOutScores } from "./summary/held-out.ts";
export { reportSteps, type StepReport, type Summary, summarize } from "./summary/summary.ts";
