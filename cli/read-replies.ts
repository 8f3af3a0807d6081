/**
 * Files of replies: JSONL, one `{"id": …, "reply": …}` a line, several a task allowed.
 *
 * @module
 */
import { parseJsonLine, readLines } from "../coordinator/index.ts";
import { nearest, shown } from "../core/index.ts";

const FIELDS = ["id", "reply"] as const;

/** A reply to an instance of a dataset. */
export interface Reply {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Of the instance. */
  readonly id: string;
  /** What the model wrote. */
  readonly text: string;
}

/** A line that cannot be used. */
export interface BadReply {
  readonly line: number;
  /** What is wrong with it. */
  readonly reason: string;
}

/** How a file of replies is read. */
export interface ReadRepliesOptions {
  /** A longer line is refused before it is a string. */
  readonly longestMebibytes: number;
  /** Told how many bytes of the file were read, before any decompression. */
  readonly onRead?: (bytes: number) => void;
}

/**
 * Reads replies one by one, in the order of their lines; blank lines are none.
 *
 * @param path - `.jsonl`, `.jsonl.gz` or `.jsonl.zst`
 * @throws {UnusableDatasetError} when the file cannot be read
 */
export async function* readReplies(
  path: string,
  { longestMebibytes, ...options }: ReadRepliesOptions,
): AsyncGenerator<Reply | BadReply> {
  const longestBytes = longestMebibytes * 2 ** 20;
  for await (const { number, bytes } of readLines(path, { ...options, what: "the replies", longestBytes })) {
    if (bytes === null) yield { line: number, reason: `the line is longer than ${longestMebibytes} MiB` };
    else if (!isBlank(bytes)) yield { line: number, ...parseReplyLine(bytes) };
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function parseReplyLine(bytes: Buffer): { id: string; text: string } | { reason: string } {
  const parsed = parseJsonLine(bytes);
  if ("reason" in parsed) return parsed;
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { reason: 'no JSON object with "id" and "reply"' };
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const problems = FIELDS.flatMap((field) => problemOf(field, fields));
  if (problems.length > 0) return { reason: problems.join("; ") };
  return { id: fields.get("id") as string, text: fields.get("reply") as string };
}

function problemOf(field: (typeof FIELDS)[number], fields: ReadonlyMap<string, unknown>): string[] {
  if (typeof fields.get(field) === "string") return [];
  if (fields.has(field)) return [`"${field}" is no text`];
  const strangers = [...fields.keys()].filter((key) => !FIELDS.some((known) => known === key));
  const meant = nearest(field, strangers);
  return [`"${field}" is missing${meant === null ? "" : `, is it "${shown(meant)}"?`}`];
}
