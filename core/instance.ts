import { z } from "zod";

/**
 * Path → content. Says what is wrong with the first entry only, since each of millions may be.
 *
 * @param accepts - whether a content is one
 * @param expected - what it should be
 */
function filesOf<Content>(accepts: (content: unknown) => content is Content, expected: string) {
  return z.custom<Record<string, Content>>().superRefine((files: unknown, { addIssue }) => {
    if (typeof files !== "object" || files === null || Array.isArray(files)) {
      addIssue({ code: "custom", message: "Invalid input: expected an object of paths" });
      return;
    }
    const wrong = Object.entries(files).find(([path, content]) => path === "" || !accepts(content));
    if (wrong === undefined) return;
    const [path] = wrong;
    const message = path === "" ? "a path is empty" : `Invalid input: expected ${expected}`;
    addIssue({ code: "custom", path: [path], message });
  });
}

const isText = (content: unknown) => typeof content === "string";
const isTextOrNull = (content: unknown) => content === null || isText(content);

/**
 * One line of a dataset: an issue, the files the model sees, and the change that resolved it. Further fields
 * are kept and travel with the rollout's record.
 */
export const Instance = z.looseObject({
  id: z.string().min(1).max(256).describe("Unique in the dataset."),
  issue: z.string().min(1).describe("What is wrong, as a person reported it."),
  files: filesOf(isText, "string").describe("Path → content at the base commit; all that the model sees."),
  oracle: filesOf(isTextOrNull, "string or null").describe(
    "Path → content after the true change; null for a deleted file. Only the files that change.",
  ),
});

/** A validated instance. */
export type Instance = z.output<typeof Instance>;
