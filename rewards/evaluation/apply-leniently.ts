/**
 * How an evaluation reads a reply: for what it changes, not for its form. Nothing here decides a reward.
 *
 * @module
 */
import { MOST_GROWTH, occurrences, replaceAt } from "../reply/apply-edits.ts";
import { type Edit, readBlocks } from "../reply/parse-reply.ts";

const THOUGHT_END = "</think>";

/** What a reply makes of the files. */
export interface EvaluatedReply {
  /** Path → content of the files that really change. */
  readonly changed: ReadonlyMap<string, string>;
  /** Edits that were passed over: their text is nowhere, or the file would grow by more than a million units. */
  readonly skipped: readonly Edit[];
}

/**
 * Applies every edit that can be. The blocks are those after the last `</think>`, with no tag required; the text
 * to replace is searched anywhere, within a line too, and replaced wherever it is. An empty search fills a file
 * that is empty or does not exist, and is found in no other.
 *
 * @param files - path → content
 */
export function applyForEvaluation(files: Readonly<Record<string, string>>, reply: string): EvaluatedReply {
  const thoughtEnd = reply.lastIndexOf(THOUGHT_END);
  const from = thoughtEnd < 0 ? 0 : thoughtEnd + THOUGHT_END.length;
  const before = (path: string) => (Object.hasOwn(files, path) ? (files[path] as string) : "");
  const contents = new Map<string, string>();
  const skipped: Edit[] = [];
  for (const edit of readBlocks(reply.slice(from), from)) {
    const mostLength = before(edit.path).length + MOST_GROWTH;
    const edited = applyEdit(contents.get(edit.path) ?? before(edit.path), edit, mostLength);
    if (edited === null) skipped.push(edit);
    else contents.set(edit.path, edited);
  }
  return { changed: new Map([...contents].filter(([path, content]) => content !== before(path))), skipped };
}

function applyEdit(content: string, { search, replace }: Edit, mostLength: number): string | null {
  if (search === "") return content === "" && replace.length <= mostLength ? replace : null;
  const found = occurrences(content, search);
  const length = content.length + found.length * (replace.length - search.length);
  if (found.length === 0 || length > mostLength) return null;
  return replaceAt(content, found, search.length, replace);
}
