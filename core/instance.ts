import { z } from "zod";

/** Path → content. */
const Files = z.record(z.string().min(1), z.string());

/**
 * One line of a dataset: an issue, the files the model sees, and the change that resolved it. Further fields
 * are kept and travel with the rollout's record.
 */
export const Instance = z.looseObject({
  id: z.string().min(1).max(256).describe("Unique in the dataset."),
  issue: z.string().min(1).describe("What is wrong, as a person reported it."),
  files: Files.describe("Path → content at the base commit; all that the model sees."),
  oracle: z
    .record(z.string().min(1), z.string().nullable())
    .describe("Path → content after the true change; null for a deleted file. Only the files that change."),
});

/** A validated instance. */
export type Instance = z.output<typeof Instance>;
