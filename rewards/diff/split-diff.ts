import { ReplyMistake } from "../reply/mistake.ts";

const OLD_NAME = "--- ";
const NEW_NAME = "+++ ";
const NO_FILE = "/dev/null";
const NO_LINE_BREAK = "\\";
/** Of `git format-patch`; what follows is no diff. */
const SIGNATURE = "-- ";
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/**
 * Takes a unified diff apart. Lines are ended by line feeds; how many belong to a hunk says its head, so that a
 * removed line `-- x` names no file. What is between files (git's `diff`, `index` and mode lines) is ignored.
 *
 * @returns path → hunks as `unifiedDiff` writes them; a path is the new one, or the old one of a deleted file,
 *   without git's `a/` and `b/`
 * @throws {ReplyMistake} of class `bad-diff`
 */
export function splitDiff(text: string): Map<string, string> {
  const lines = text.split("\n");
  const files = new Map<string, string[]>();
  let current: string[] | null = null;
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] as string;
    const path = pathAt(lines, i);
    const head = HUNK.exec(line);
    if (path !== null) {
      current = files.get(path) ?? [];
      files.set(path, current);
      i += 2;
    } else if (head !== null) {
      i = readHunk(lines, i + 1, head, current);
    } else {
      current = afterOther(line, current);
      i++;
    }
  }
  return new Map([...files].map(([path, hunks]) => [path, hunks.join("\n")]));
}

/** The file that this line and the next name, if they do. */
function pathAt(lines: readonly string[], at: number): string | null {
  const older = lines[at] ?? "";
  const newer = lines[at + 1] ?? "";
  if (!older.startsWith(OLD_NAME) || !newer.startsWith(NEW_NAME)) return null;
  return pathOf(older.slice(OLD_NAME.length), newer.slice(NEW_NAME.length));
}

/** The file that hunks belong to after a line that neither names one nor begins a hunk. */
function afterOther(line: string, current: string[] | null): string[] | null {
  if (line.startsWith("diff ") || line === SIGNATURE) return null;
  if (current !== null && /^[ +-]/.test(line)) throw badDiff("a line that belongs to no hunk", line);
  return current;
}

/** Appends a hunk's head, without its title, and its lines. Gives the index of the line after it. */
function readHunk(
  lines: readonly string[],
  from: number,
  head: RegExpExecArray,
  into: string[] | null,
): number {
  const [whole, oldFrom = "", oldCount = "1", newFrom = "", newCount = "1"] = head;
  if (into === null) throw badDiff("a hunk of no file", whole);
  let oldLeft = Number(oldCount);
  let newLeft = Number(newCount);
  into.push(`@@ -${range(oldFrom, oldLeft)} +${range(newFrom, newLeft)} @@`);
  let at = from;
  while (oldLeft > 0 || newLeft > 0) {
    // An empty line is a shared one whose blank was trimmed away.
    const line = lines[at++] || (at <= lines.length ? " " : "");
    if (line.startsWith(NO_LINE_BREAK)) continue;
    const [older, newer] = sidesOf(line) ?? [oldLeft + 1, newLeft + 1];
    oldLeft -= older;
    newLeft -= newer;
    if (oldLeft < 0 || newLeft < 0) throw badDiff("a hunk of other lines than its head counts", whole);
    into.push(line);
  }
  return at;
}

/** Lines of the old and of the new file that a line of a hunk stands for. */
function sidesOf(line: string): readonly [number, number] | null {
  if (line.startsWith(" ")) return [1, 1];
  if (line.startsWith("-")) return [1, 0];
  return line.startsWith("+") ? [0, 1] : null;
}

function range(from: string, count: number): string {
  return count === 1 ? `${Number(from)}` : `${Number(from)},${count}`;
}

/** A name ends before a tab, after which there may be a time. */
function pathOf(oldName: string, newName: string): string {
  const [older, newer] = [oldName, newName].map((name) => (name.split("\t")[0] as string).replace(/\r$/, ""));
  const named = newer === NO_FILE ? older : newer;
  const mark = newer === NO_FILE ? "a/" : "b/";
  return named?.startsWith(mark) ? named.slice(mark.length) : (named ?? "");
}

function badDiff(what: string, line: string): ReplyMistake {
  return new ReplyMistake("bad-diff", `the diff has ${what}`, { text: line, at: 0 });
}
