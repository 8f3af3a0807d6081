/**
 * Models and adapters written for others to load.
 *
 * @module
 */

export { ExportError, TokenizerFileError } from "./errors.ts";
export { type FreshModel, writeFreshModel } from "./fresh-model.ts";
export { writeMergedModel } from "./merged-model.ts";
export { writePeftAdapter } from "./peft-adapter.ts";
export { type TrainedModel, writeTrainedModel } from "./trained-model.ts";
