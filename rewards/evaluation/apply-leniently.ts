/**
 * How an evaluation reads a reply: for what it changes, not for its form. Nothing here decides a reward.
 *
 * @module
 */
import { mostLengthAfter, piecesAround } from "../reply/apply-edits.ts";
import { type Edit, readBlocks } from "../reply/parse-reply.ts";

const THOUGHT_END = "</think>";

/** What a reply makes of the files. */
export interface EvaluatedReply {
  /** Path → content of the files that really change. */
  readonly changed: ReadonlyMap<string, string>;
  /** Edits that were passed over: their text is nowhere, or the file would become too large. By file. */
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
  const changed = new Map<string, string>();
  const skipped: Edit[] = [];
  for (const [path, edits] of Map.groupBy(readBlocks(reply.slice(from), from), (edit) => edit.path)) {
    const before = Object.hasOwn(files, path) ? (files[path] as string) : "";
    const mostLength = mostLengthAfter(before, edits);
    let content = before;
    for (const edit of edits) {
      const edited = applyEdit(content, edit, mostLength);
      if (edited === null) skipped.push(edit);
      content = edited ?? content;
    }
    if (content !== before) changed.set(path, content);
  }
  return { changed, skipped };
}

function applyEdit(content: string, { search, replace }: Edit, mostLength: number): string | null {
  if (search === "") return content === "" && replace.length <= mostLength ? replace : null;
  const pieces = piecesAround(content, search);
  const found = pieces.length - 1;
  const length = content.length + found * (replace.length - search.length);
  return found === 0 || length > mostLength ? null : pieces.join(replace);
}
