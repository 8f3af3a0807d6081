/**
 * Models and adapters written for others to load.
 *
 * @module
 */

export { type FreshModel, writeFreshModel } from "./fresh-model.ts";
export { writeMergedModel } from "./merged-model.ts";
export { writePeftAdapter } from "./peft-adapter.ts";
export { writeTrainedModel } from "./trained-model.ts";
