import type { Budget } from "../budget.ts";
import { ReplyMistake } from "./mistake.ts";
import type { Edit } from "./parse-reply.ts";

/** UTF-16 units that a file may grow by beyond what its edits write: replacing many times what was searched once. */
const MOST_REPEATED = 100_000;

/** What is searched and copied in the time of an operation. */
const CHARACTERS_AN_OPERATION = 16;

/**
 * Applies edits, file by file, each to what the one before left. A search starts at the start of a line; its
 * end is not anchored. All its occurrences are replaced. An empty search is found before every line, and in
 * a file that does not exist, which is how one is made.
 *
 * @param files - path → content
 * @returns path → new content, of the files that are edited, in the order of their first edit
 * @throws {ReplyMistake} `identical`, `not-found` or `too-large`: one such edit spoils the whole reply; or
 *   `too-expensive`
 */
export function applyEdits(
  files: Readonly<Record<string, string>>,
  edits: readonly Edit[],
  budget: Budget,
): Map<string, string> {
  const changed = new Map<string, string>();
  for (const [path, ofFile] of Map.groupBy(edits, (edit) => edit.path)) {
    const original = Object.hasOwn(files, path) ? (files[path] as string) : "";
    const mostLength = mostLengthAfter(original, ofFile);
    let content = `\n${original}`;
    for (const edit of ofFile) content = applyEdit(content, edit, mostLength, budget);
    changed.set(path, content.slice(1));
  }
  return changed;
}

/** How long a file may become, so that no reply doubles it again and again. In UTF-16 units. */
export function mostLengthAfter(original: string, edits: readonly Edit[]): number {
  return edits.reduce((sum, { replace }) => sum + replace.length, original.length + MOST_REPEATED);
}

/** @param content - the file, with a line break before it */
function applyEdit(content: string, edit: Edit, mostLength: number, budget: Budget): string {
  const { search, replace, at, path } = edit;
  if (search === replace) {
    throw new ReplyMistake("identical", `the edit of ${path} changes nothing`, { text: search, at });
  }
  const pieces = piecesAround(content, `\n${search}`);
  const found = pieces.length - 1;
  budget.spend(found + Math.ceil(content.length / CHARACTERS_AN_OPERATION));
  if (found === 0) {
    throw new ReplyMistake("not-found", `the text to replace is not in ${path}`, { text: search, at });
  }
  if (content.length + found * (replace.length - search.length) > mostLength) {
    const message = `the edits make ${path} longer than the ${mostLength} characters it may have`;
    throw new ReplyMistake("too-large", message, { text: search, at });
  }
  return pieces.join(`\n${replace}`);
}

/** What is left of `text` before, between and after the occurrences of `part`, which do not overlap. */
export function piecesAround(text: string, part: string): string[] {
  // Only such a part can end within a character.
  if (!isHighSurrogate(part, part.length - 1)) return text.split(part);
  const pieces: string[] = [];
  let from = 0;
  for (let at = text.indexOf(part); at >= 0; ) {
    const end = at + part.length;
    const whole = !isLowSurrogate(text, end);
    if (whole) {
      pieces.push(text.slice(from, at));
      from = end;
    }
    at = text.indexOf(part, whole ? end : at + 1);
  }
  return [...pieces, text.slice(from)];
}

/** Whether the unit at an offset is the first of two that make a character. */
function isHighSurrogate(text: string, offset: number): boolean {
  const unit = text.charCodeAt(offset);
  return unit >= 0xd800 && unit < 0xdc00;
}

/** Whether the unit at an offset is the second of two that make a character. */
function isLowSurrogate(text: string, offset: number): boolean {
  const unit = text.charCodeAt(offset);
  return unit >= 0xdc00 && unit < 0xe000;
}
