/**
 * The reply format of SWE-RL: a thought and a solution in tags, and in the solution fenced blocks, each of
 * which replaces text in one file.
 *
 * The authors' parser is a regular expression with lazy groups; its corners are kept, its running time is
 * not: every step here goes forward only.
 *
 * @see arXiv:2502.18449, appendix
 * @module
 */
import { isBlank } from "../python-text.ts";
import { ReplyMistake } from "./mistake.ts";

/** One block: in the file at `path`, `search` becomes `replace`. */
export interface Edit {
  readonly path: string;
  readonly search: string;
  readonly replace: string;
  /** UTF-16 offset of `search` in the reply. */
  readonly at: number;
}

/** A reply taken apart. Text outside the tags does not count, nor does their order. */
export interface ParsedReply {
  readonly thought: string;
  /** At least one, in the order of the reply. */
  readonly edits: readonly Edit[];
}

const TAGS = ["<think>", "</think>", "<solution>", "</solution>"] as const;

const FENCE = "```";
const PATH_MARK = "### ";
const SEARCH_MARK = "\n<<<<<<< SEARCH\n";
const DIVIDER = "\n=======\n";
const REPLACE_MARK = "\n>>>>>>> REPLACE\n```";

/** @throws {ReplyMistake} when a tag is not there exactly once, the thought is blank, or there is no block */
export function parseReply(reply: string): ParsedReply {
  for (const tag of TAGS) requireOnce(reply, tag);
  const thought = between(reply, "<think>", "</think>");
  if (isBlank(thought.text)) {
    throw new ReplyMistake("empty-thought", "nothing is thought between <think> and </think>", thought);
  }
  const solution = between(reply, "<solution>", "</solution>");
  const edits = [...readBlocks(solution.text, solution.at)];
  if (edits.length === 0) {
    throw new ReplyMistake("no-blocks", "the solution has no complete SEARCH/REPLACE block", solution);
  }
  return { thought: thought.text, edits };
}

/** A tag counts wherever it is, in a thought about it too. */
function requireOnce(reply: string, tag: string): void {
  const first = reply.indexOf(tag);
  if (first < 0) {
    throw new ReplyMistake(`tag:${tag}`, `${tag} is missing`, { text: "", at: reply.length });
  }
  const second = reply.indexOf(tag, first + tag.length);
  if (second >= 0) {
    throw new ReplyMistake(`tag:${tag}`, `${tag} is there more than once`, { text: tag, at: second });
  }
}

/** The text from `open` to `close`, or to the end where `close` is before `open`. */
function between(reply: string, open: string, close: string): { text: string; at: number } {
  const at = reply.indexOf(open) + open.length;
  const end = reply.indexOf(close, at);
  return { text: end < 0 ? reply.slice(at) : reply.slice(at, end), at };
}

/**
 * All blocks, first to last. A block that is not well-formed is no block; what it swallows up to the next
 * complete ending belongs to it.
 *
 * @param offset - of `solution` in the reply
 */
export function* readBlocks(solution: string, offset: number): Generator<Edit> {
  let from = 0;
  for (;;) {
    const fence = solution.indexOf(FENCE, from);
    const lineEnd = fence < 0 ? -1 : solution.indexOf("\n", fence + FENCE.length);
    if (lineEnd < 0) return;
    const head = readHead(solution, lineEnd + 1);
    if (!head) {
      from = lineEnd; // Any other fence on this line leads to the same head.
      continue;
    }
    const divider = solution.indexOf(DIVIDER, head.end);
    const ending = divider < 0 ? -1 : solution.indexOf(REPLACE_MARK, divider + DIVIDER.length);
    if (ending < 0) return; // Nor is there one for any later head.
    yield {
      path: head.path,
      search: solution.slice(head.end, divider),
      replace: solution.slice(divider + DIVIDER.length, ending),
      at: offset + head.end,
    };
    from = ending + REPLACE_MARK.length;
  }
}

/** The path line and the SEARCH line, which follow a fence. */
function readHead(solution: string, at: number): { path: string; end: number } | null {
  if (!solution.startsWith(PATH_MARK, at)) return null;
  const pathEnd = solution.indexOf("\n", at + PATH_MARK.length);
  if (pathEnd < 0 || !solution.startsWith(SEARCH_MARK, pathEnd)) return null;
  return { path: solution.slice(at + PATH_MARK.length, pathEnd), end: pathEnd + SEARCH_MARK.length };
}
