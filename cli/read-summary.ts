import { readFile } from "node:fs/promises";
import type { Summary } from "../coordinator/index.ts";
import { parseOwnJson, type RunFolder, RunFolderError } from "./run-folder.ts";

/** The summary of a run, as its coordinator wrote it last; null before the first. */
export async function readSummary(folder: RunFolder): Promise<Summary | null> {
  const text = await readFile(folder.summary, "utf8").catch(() => null);
  return text === null ? null : (parseOwnJson(text, folder.summary) as Summary);
}

/** @throws {RunFolderError} before the first step is over */
export async function requireSummary(folder: RunFolder): Promise<Summary> {
  const summary = await readSummary(folder);
  if (summary !== null && summary.steps.length > 0) return summary;
  throw new RunFolderError(`run ${folder.id} has no step yet, so there is nothing to show of it`);
}
