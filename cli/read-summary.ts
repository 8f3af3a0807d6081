import { readFile } from "node:fs/promises";
import type { Summary } from "../coordinator/index.ts";
import { parseOwnJson, type RunFolder } from "./run-folder.ts";

/** The summary of a run, as its coordinator wrote it last; null before the first. */
export async function readSummary(folder: RunFolder): Promise<Summary | null> {
  const text = await readFile(folder.summary, "utf8").catch(() => null);
  return text === null ? null : (parseOwnJson(text, folder.summary) as Summary);
}
