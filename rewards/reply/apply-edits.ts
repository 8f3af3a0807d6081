import { type Budget, tooExpensive } from "../budget.ts";
import { ReplyMistake } from "./mistake.ts";
import type { Edit } from "./parse-reply.ts";

/** UTF-16 units that a file may grow by. */
export const MOST_GROWTH = 1_000_000;

/** What is searched and copied in the time of an operation. */
const CHARACTERS_AN_OPERATION = 4;

/**
 * Applies edits, file by file, each to what the one before left. A search starts at the start of a line; its
 * end is not anchored. All its occurrences are replaced. An empty search is found before every line, and in
 * a file that does not exist, which is how one is made.
 *
 * @param files - path → content
 * @returns path → new content, of the files that are edited, in the order of their first edit
 * @throws {ReplyMistake} `identical` or `not-found`: one such edit spoils the whole reply; or `too-expensive`
 */
export function applyEdits(
  files: Readonly<Record<string, string>>,
  edits: readonly Edit[],
  budget: Budget,
): Map<string, string> {
  const changed = new Map<string, string>();
  for (const [path, ofFile] of Map.groupBy(edits, (edit) => edit.path)) {
    const original = Object.hasOwn(files, path) ? (files[path] as string) : "";
    let content = `\n${original}`;
    for (const edit of ofFile) content = applyEdit(content, edit, original.length + MOST_GROWTH, budget);
    changed.set(path, content.slice(1));
  }
  return changed;
}

/** @param content - the file, with a line break before it */
function applyEdit(content: string, edit: Edit, mostLength: number, budget: Budget): string {
  const { search, replace, at, path } = edit;
  if (search === replace) {
    throw new ReplyMistake("identical", `the edit of ${path} changes nothing`, { text: search, at });
  }
  const found = occurrences(content, `\n${search}`);
  budget.spend(found.length + Math.ceil(content.length / CHARACTERS_AN_OPERATION));
  if (found.length === 0) {
    throw new ReplyMistake("not-found", `the text to replace is not in ${path}`, { text: search, at });
  }
  if (content.length + found.length * (replace.length - search.length) > mostLength) {
    throw tooExpensive(`a file of more than ${mostLength} characters`);
  }
  return replaceAt(content, found, search.length + 1, `\n${replace}`);
}

/** Offsets of the occurrences of `part`, which do not overlap. */
export function occurrences(text: string, part: string): number[] {
  const found: number[] = [];
  let at = text.indexOf(part);
  while (at >= 0) {
    const whole = !splitsPair(text, at + part.length);
    if (whole) found.push(at);
    at = text.indexOf(part, whole ? at + part.length : at + 1);
  }
  return found;
}

/** Whether an offset lies within a character of two UTF-16 units, where Python sees no border. */
function splitsPair(text: string, offset: number): boolean {
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}

/** Replaces what is at each offset, ascending, for `length` units. */
export function replaceAt(
  text: string,
  offsets: readonly number[],
  length: number,
  replacement: string,
): string {
  const parts: string[] = [];
  let from = 0;
  for (const offset of offsets) {
    parts.push(text.slice(from, offset), replacement);
    from = offset + length;
  }
  parts.push(text.slice(from));
  return parts.join("");
}
